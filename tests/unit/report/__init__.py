"""Tests of roomproof.report."""

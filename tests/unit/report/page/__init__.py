"""Tests of roomproof.report.page."""

"""Tests of one load process."""

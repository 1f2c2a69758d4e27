"""Tests of the pure core and of single modules of the harness."""

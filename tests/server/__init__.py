"""Tests of the reference server: pure modules, and the whole process."""

"""Tests of the oracle: histories told by hand, and simulated worlds."""

"""Tests of the suite: planted faults, servers that do nothing, the kill matrix."""

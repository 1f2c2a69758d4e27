"""Tests of topologies, and the faults that are planted in topologies."""

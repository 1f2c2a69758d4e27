"""Tests of the figures of a load run."""

"""Tests of what decides about a load run."""

"""Tests of the rules and messages."""

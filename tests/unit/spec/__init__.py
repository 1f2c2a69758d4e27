"""Tests of the rules, limits and messages, and of PROTOCOL.md itself."""

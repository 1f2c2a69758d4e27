"""Tests of the streaming judge alone."""

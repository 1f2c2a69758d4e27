"""Tests of roomproof.suite without a server."""

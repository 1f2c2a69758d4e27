"""Tests of what adds up a load run."""

"""Tests of the suite as its users meet it: run as a command, looked at from outside."""

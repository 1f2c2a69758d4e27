"""Tests of the suite from outside: it runs as a command, as its users run it."""

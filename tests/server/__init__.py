"""Tests of the reference server: its pure parts by themselves, the rest as a process seen from outside."""

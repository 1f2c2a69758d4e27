"""Breaks parts of a topology on purpose, while people talk, and records when."""

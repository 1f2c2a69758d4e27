"""Breaks parts of a topology on purpose, while people talk, and says when what was broken."""

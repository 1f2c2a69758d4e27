"""Decisions about a load run: totals, objectives, overload, verdict. Pure."""

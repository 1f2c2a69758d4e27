"""Times in texts for people. Pure."""

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000}
"""Units of time, in microseconds."""


def duration(microseconds: float) -> str:
    """Return a time with three digits and its unit: `1.23 ms`."""
    for unit in ("us", "ms"):
        number = float(f"{microseconds / UNITS[unit]:.3g}")
        if number < 1_000:
            return f"{number:g} {unit}"
    seconds = microseconds / UNITS["s"]
    return f"{seconds:.3g} s" if seconds < 999.5 else f"{seconds:.0f} s"

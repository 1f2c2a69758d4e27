"""What servers and users say is data: how it is shown without a terminal obeying it. Pure."""

SHOWN_CHARACTERS = 180
"""Longer frames lose their end."""


def escaped(text: str) -> str:
    """The text on one line, with every character that a terminal would not simply print as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """The same, cut where it is long."""
    shown = escaped(text[: SHOWN_CHARACTERS + 1])
    return shown if len(text) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}... ({len(text)} characters)"

"""Text of servers and users, made safe for a terminal. Pure."""

SHOWN_CHARACTERS = 180
"""Maximum number of characters shown of one text."""


def escaped(text: str) -> str:
    """Return the text on one line, with an escape for each unprintable character."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """Return the escaped text; cut, with its length, if over SHOWN_CHARACTERS."""
    shown = escaped(text[: SHOWN_CHARACTERS + 1])
    return shown if len(text) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}... ({len(text)} characters)"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

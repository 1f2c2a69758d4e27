"""Text of servers and users, made safe for a terminal. Pure."""

SHOWN_CHARACTERS = 180
"""Maximum number of characters shown of one text."""


def escaped(text: str) -> str:
    """Return the text on one line, with an escape for each unprintable character."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """Return the text, escaped, and without its middle if it is over SHOWN_CHARACTERS."""
    return escaped(shortened(text, SHOWN_CHARACTERS))


def shortened(text: str, most: int) -> str:
    """Return a text without its middle if it has over `most` characters.

    It says how many characters are left out.
    """
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail]} ... {len(text) - most:,} characters left out ... {text[-tail:]}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

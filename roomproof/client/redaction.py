"""Texts without the secrets of a user. Pure."""

from collections.abc import Iterable
from urllib.parse import quote

from roomproof.dialects.session import REDACTED, Session

SHORTEST_SECRET = 6
"""Minimum number of characters of a column, or of a word of a header, that can be a secret. A shorter one is a word."""


def without_secrets(text: str, session: Session, *, only: str | None = None) -> str:
    """Return a text in which the secrets of a user are replaced by their placeholders.

    They can stand there as they are, or percent-encoded as in an address. With `only`, just that column is replaced.
    """
    for name, value in session.user.columns.items():
        if len(value) >= SHORTEST_SECRET and only in (None, name):
            for form in (value, quote(value, safe="")):
                text = text.replace(form, f"{{{name}}}")
    return text


def without_header_values(text: str, values: Iterable[str]) -> str:
    """Return a text without the words of the values of headers."""
    for word in {word for value in values for word in value.split() if len(word) >= SHORTEST_SECRET}:
        text = text.replace(word, REDACTED)
    return text

"""The text of messages, in which every change would show. Pure."""

import random

TRICKY_WORDS = (
    "soup",
    "Zoë",
    "Zoe\u0308",
    "漢字",
    "<b>&amp;",
    '"quoted"',
    "back\\slash",
    "two  spaces",
    "😀",
    "ünïcödé",
    "007",
)
"""Words that careless servers trim, escape, normalise, re-encode or misread."""

IDENTITY_BYTES = 70
"""Bytes that the identity of a message takes of its content, about."""


def payload_text(size: int, seed: str) -> str:
    """Return a text that makes a content of about `size` bytes.

    It ends with a space, so that trimming shows.
    """
    choice = random.Random(seed)
    text = ""
    while len(text.encode()) < size - IDENTITY_BYTES:
        text += choice.choice(TRICKY_WORDS) + " "
    while len(text.encode()) > max(1, size - IDENTITY_BYTES):
        text = text[:-2] + " "
    return text or " "

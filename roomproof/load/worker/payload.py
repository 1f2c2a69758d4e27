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


def payload_texts(size: int, seed: str) -> tuple[str, ...]:
    """Return texts that together hold all tricky words.

    Each makes a content of about `size` bytes, and ends with a space, so that trimming shows. The seed chooses the
    order of the words. A small size needs several texts.
    """
    room = max(1, size - IDENTITY_BYTES)
    words = list(TRICKY_WORDS)
    random.Random(seed).shuffle(words)
    texts: list[str] = []
    number = 0
    while number < len(words):
        text, number = _filled_text(words, number, room)
        texts.append(text)
    return tuple(texts)


def _filled_text(words: list[str], first: int, room: int) -> tuple[str, int]:
    """Return a text of `room` bytes, and the number of the word for the next text.

    The words repeat from their beginning; what is left is filled with dots. A word that is longer than the room is left
    out.
    """
    number, text, left = first, "", room
    while (needed := len(words[number % len(words)].encode()) + 1) <= left:
        text += words[number % len(words)] + " "
        left -= needed
        number += 1
    if left:
        text += "." * (left - 1) + " "
    return text, max(number, first + 1)

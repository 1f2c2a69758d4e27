"""Ids and names: which ones rooms and users can have. Pure."""

import re
import secrets
from typing import NewType
from unicodedata import category

ChatId = NewType("ChatId", str)
UserId = NewType("UserId", str)

USER_ID_LENGTH = 64
"""Maximum length of a user id in code points (JOIN-6, JOIN-7).

Longer ids are refused (REFUSE-5)."""

ROOM_NAME_LENGTH = 200
"""Maximum length of a room name in code points.

The protocol requires at least 100 (CREATE-1)."""

_CHAT_ID = re.compile("[a-z0-9-]{1,64}")


def new_chat_id() -> ChatId:
    """Return a random id.

    The caller has to ask the store whether it is free (CREATE-2).
    """
    return ChatId("chat-" + secrets.token_hex(6))


def can_be_chat_id(text: str) -> bool:
    """Whether a room could have this id (REFUSE-2)."""
    return _CHAT_ID.fullmatch(text) is not None


def name_problem(text: str, max_length: int) -> str | None:
    """Return how a bad name must be, as in "it must ..."; None for a good name."""
    if not 1 <= len(text) <= max_length:
        return f"have 1 to {max_length} characters, not {len(text)}"
    if not text.isprintable() and any(category(character) in {"Cc", "Cs"} for character in text):
        return "hold neither control characters nor lone surrogates"
    return None

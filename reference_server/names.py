"""What may name a room and what may name a user. Pure."""

import re
import secrets
from typing import NewType
from unicodedata import category

ChatId = NewType("ChatId", str)
UserId = NewType("UserId", str)

USER_ID_LENGTH = 64
"""Code points that a user id may have (JOIN-6, JOIN-7); a longer one is refused (REFUSE-5)."""

ROOM_NAME_LENGTH = 200
"""Code points that the name of a room may have; the protocol asks for 100 (CREATE-1)."""

_CHAT_ID = re.compile("[a-z0-9-]{1,64}")


def new_chat_id() -> ChatId:
    """A random id; whoever uses it asks the store whether it is free (CREATE-2)."""
    return ChatId("chat-" + secrets.token_hex(6))


def can_be_chat_id(text: str) -> bool:
    """Whether a room of this id could exist at all (REFUSE-2)."""
    return _CHAT_ID.fullmatch(text) is not None


def name_problem(text: str, longest: int) -> str | None:
    """What is wrong with a name, as the end of the sentence "it must ...", or None."""
    if not 1 <= len(text) <= longest:
        return f"have 1 to {longest} characters, not {len(text)}"
    if any(category(character) in {"Cc", "Cs"} for character in text):
        return "hold neither control characters nor lone surrogates"
    return None

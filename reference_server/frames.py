"""Encoding and decoding of the protocol's frames. Pure."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from reference_server.names import ChatId, UserId

MESSAGE_CHARACTERS = 65536
"""Maximum length of a frame from a client.

It counts characters, as Hypercorn does, so every message of 65,536 bytes passes (DELIVER-13)."""


@dataclass(frozen=True, slots=True)
class ValidMessage:
    """A valid message from a client."""

    content: str


@dataclass(frozen=True, slots=True)
class PingRequest:
    """A client's request for a pong (FRAME-7)."""


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame that is neither of the two.

    The reason says what was expected, and repeats nothing of the frame.
    """

    reason: str


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


# Numbers have no meaning here. They are decoded as floats, because Python refuses integers of 5,000 digits.
_decode_json = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=float).decode

_NOT_AN_OBJECT = BadFrame('expected a JSON object such as {"type":"message","content":"..."}')
_UNKNOWN_TYPE = BadFrame('type must be "message" or "ping"')
_NO_CONTENT = BadFrame("content must be a non-empty string")
_SURROGATE = BadFrame("content must be Unicode text without lone surrogates")
_BINARY = BadFrame("expected a text frame, not a binary one")


def decode(frame: str | bytes) -> ValidMessage | PingRequest | BadFrame:
    """Decode a text or binary frame from a client (the frame family of the protocol)."""
    if isinstance(frame, bytes):
        return _BINARY
    try:
        value: Any = _decode_json(frame)
    except (ValueError, RecursionError):
        return _NOT_AN_OBJECT
    match value:
        case {"type": "message", "content": str(content)} if content:
            return ValidMessage(content) if _is_text(content) else _SURROGATE
        case {"type": "message"}:
            return _NO_CONTENT
        case {"type": "ping"}:
            return PingRequest()
        case dict():
            return _UNKNOWN_TYPE
        case _:
            return _NOT_AN_OBJECT


def _is_text(content: str) -> bool:
    try:
        content.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Message(msgspec.Struct, tag_field="type", tag="message"):
    content: str
    sender_id: str
    chat_id: str
    timestamp: str


class _Notice(msgspec.Struct, tag_field="type", tag="system"):
    content: str
    chat_id: str
    timestamp: str


class _Error(msgspec.Struct, tag_field="type", tag="error"):
    content: str


class _Pong(msgspec.Struct, tag_field="type", tag="pong"):
    timestamp: str


_encode_json = msgspec.json.Encoder().encode


def message(content: str, sender_id: UserId, chat_id: ChatId, timestamp: str) -> str:
    """Return the frame of a message."""
    return _encode_json(_Message(content, sender_id, chat_id, timestamp)).decode()


def join_notice(user_id: UserId, chat_id: ChatId, timestamp: str) -> str:
    """Return the frame that announces a join."""
    return _encode_json(_Notice(f"{user_id} joined the chat", chat_id, timestamp)).decode()


def leave_notice(user_id: UserId, chat_id: ChatId, timestamp: str) -> str:
    """Return the frame that announces a leave."""
    return _encode_json(_Notice(f"{user_id} left the chat", chat_id, timestamp)).decode()


def error(reason: str) -> str:
    """Return the frame that answers a bad frame."""
    return _encode_json(_Error(reason)).decode()


def pong(timestamp: str) -> str:
    """Return the frame that answers a ping."""
    return _encode_json(_Pong(timestamp)).decode()

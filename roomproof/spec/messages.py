"""The frames of the protocol: reads received and classifies sent ones. Pure."""

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NoReturn

import msgspec

from roomproof.printable import printable
from roomproof.spec.limits import CONTENT_CODE_POINTS, FRAME_BYTES, NESTING_LEVELS

FRAMES_REMEMBERED = 4_096
"""Maximum number of decoded frames that are cached: the members of a room usually receive the same bytes."""


class NoticeKind(StrEnum):
    """The two kinds of notices."""

    JOINED = "joined"
    LEFT = "left"


class Message(msgspec.Struct, frozen=True):
    """A message as a member received it."""

    content: str
    sender_id: str
    chat_id: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice of a join or a leave."""

    kind: NoticeKind
    user_id: str
    chat_id: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class Error:
    """A direct frame: the answer to a bad frame.

    `content` is None if the frame does not give the reason as a string (FRAME-4).
    """

    content: str | None


@dataclass(frozen=True, slots=True)
class Pong:
    """A direct frame: the answer to a ping."""

    timestamp: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that clients ignore, since they do not know its type or system text."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that no compatible server sends, and the reason.

    `content` is its content field, or as much of the frame as could be decoded.
    """

    reason: str
    content: object = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A frame that the dialect of a service does not know, and what is known of it.

    It proves nothing against the server: the file of the dialect might lack it.
    """

    reason: str
    frame: str


Frame = Message | Notice | Error | Pong | Ignored | Malformed


@dataclass(frozen=True, slots=True)
class Valid:
    """A sent frame that every server must broadcast."""

    content: str


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A sent frame that a server may broadcast or treat as a bad frame.

    It has no type (FRAME-6), a lone surrogate (FRAME-10), is larger than every server carries (DELIVER-13), or is
    nested deeper than every server accepts.
    """

    content: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A sent ping, which a server without the capability may treat as bad (FRAME-7)."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A sent frame that a server must not broadcast (FRAME-1), and the reason.

    The reason is for people to read. `content` is what a server might broadcast by mistake.
    """

    reason: str
    content: object
    is_binary: bool = False


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A sent frame that opens a connection, keeps it alive or ends it.

    No server broadcasts it.
    """


Sending = Valid | Perhaps | Ping | Bad

NOTICE_TEXTS = {kind: f" {kind} the chat" for kind in NoticeKind}


def message(content: str, **extra: object) -> str:
    """Return the frame that sends a message. `extra` fields follow the content."""
    return json.dumps({"type": "message", "content": content, **extra}, ensure_ascii=False)


def has_lone_surrogate(text: str) -> bool:
    """Whether a text has half of a surrogate pair, and so no form in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _integer(digits: str) -> float:
    """Read a whole number of any length, where Python refuses one of 5,000 digits."""
    return int(digits) if len(digits) < 1_000 else float(digits)


def _refuse_constant(constant: str) -> NoReturn:
    """Reject NaN and Infinity: Python accepts them, RFC 8259 does not have them."""
    raise ValueError(f"{constant} is not JSON")


decode_json = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse_constant).decode
"""Decode a text of RFC 8259. Raises ValueError or RecursionError."""


_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_NO_BRACKETS = re.compile(r"[^][{}]+")


def is_deep(frame: str | bytes) -> bool:
    """Whether a sent frame is nested deeper than every server accepts (FRAME-3).

    Brackets outside of strings are counted, so this also holds for what is not quite JSON.
    """
    text = frame.decode(errors="replace") if isinstance(frame, bytes) else frame
    if text.count("[") + text.count("{") <= NESTING_LEVELS:
        return False
    steps = (1 if bracket in "[{" else -1 for bracket in _NO_BRACKETS.sub("", _STRINGS.sub("", text)))
    return max(accumulate(steps), default=0) > NESTING_LEVELS


@lru_cache(FRAMES_REMEMBERED)
def read_sent(frame: str | bytes) -> Sending:
    """Classify a frame that a client sent: text as str, binary as bytes."""
    if isinstance(frame, bytes):
        return Bad("a binary frame", None, is_binary=True)
    try:
        fields = decode_json(frame)
    except (ValueError, RecursionError):
        return Bad("not JSON", frame)
    if not isinstance(fields, dict):
        return Bad("not a JSON object", fields)
    content = fields.get("content")
    if fields.get("type", "message") != "message":
        return Ping() if fields["type"] == "ping" else Bad("an unknown type", content)
    if not isinstance(content, str) or not content:
        return Bad("no valid content", content)
    is_too_large = len(frame.encode()) > FRAME_BYTES or len(content) > CONTENT_CODE_POINTS or is_deep(frame)
    if "type" not in fields or is_too_large or has_lone_surrogate(content):
        return Perhaps(content)
    return Valid(content)


class _MessageFrame(msgspec.Struct, frozen=True):
    """The fields of a message, on the wire.

    `type` is a field and not a tag of msgspec, which accepts a frame without its tag.
    """

    type: Literal["message"]
    content: str
    sender_id: str
    chat_id: str
    timestamp: str


_decode_message = msgspec.json.Decoder(_MessageFrame).decode


def read_text(frame: bytes) -> Frame:
    """Read a received text frame as `read` does, but an ordinary message faster.

    Raises UnicodeDecodeError if the frame is not UTF-8.
    """
    text = frame.decode()
    try:
        fields = _decode_message(frame)
    except (msgspec.DecodeError, RecursionError):
        return read(text)
    if parse_timestamp(fields.timestamp) is None:
        return read(text)
    return Message(fields.content, fields.sender_id, fields.chat_id, fields.timestamp)


@lru_cache(FRAMES_REMEMBERED)
def read(frame: str | bytes) -> Frame:
    """Read a received frame: text as str, binary or undecodable text as bytes."""
    if isinstance(frame, bytes):
        return Malformed("expected a text frame in UTF-8, got a binary one")
    try:
        fields = decode_json(frame)
    except (ValueError, RecursionError):
        return Malformed(f"expected JSON, got {printable(frame)!r}", frame)
    if not isinstance(fields, dict):
        return Malformed(f"expected a JSON object, got {_shown(fields)}", fields)
    match fields.get("type"):
        case "message":
            return _read_message(fields)
        case "system":
            return _read_system(fields)
        case "error":
            return Error(None if _lacks(fields, "content") else fields["content"])
        case "pong":
            fault = _lacks(fields, "timestamp")
            return Malformed(fault) if fault else Pong(fields["timestamp"])
        case str(unknown):
            return Ignored(unknown)
        case other:
            got = _shown(other) if "type" in fields else "none"
            return Malformed(f"expected a string as type, got {got}", fields.get("content"))


def _shown(value: object) -> str:
    """A value as JSON, and without its middle if it is long."""
    return printable(json.dumps(value, ensure_ascii=False))


def _lacks(fields: dict[str, object], *names: str) -> str | None:
    """Return why `fields` has not valid strings under all `names`, or None if it has."""
    for name in names:
        if name not in fields:
            return f"expected a field {name!r}, got none"
        if not isinstance(fields[name], str):
            return f"expected a string as {name!r}, got {_shown(fields[name])}"
    if "timestamp" in names and parse_timestamp(str(fields["timestamp"])) is None:
        return f"expected an ISO 8601 timestamp, got {fields['timestamp']!r}"
    return None


def _read_message(fields: dict[str, object]) -> Message | Malformed:
    fault = _lacks(fields, "content", "sender_id", "chat_id", "timestamp")
    if fault:
        return Malformed(fault, fields.get("content"))
    return Message(str(fields["content"]), str(fields["sender_id"]), str(fields["chat_id"]), str(fields["timestamp"]))


def _read_system(fields: dict[str, object]) -> Notice | Ignored | Malformed:
    content = fields.get("content")
    for kind, ending in NOTICE_TEXTS.items():
        if isinstance(content, str) and content.endswith(ending):
            fault = _lacks(fields, "chat_id", "timestamp")
            if fault:
                return Malformed(fault, content)
            return Notice(kind, content.removesuffix(ending), str(fields["chat_id"]), str(fields["timestamp"]))
    fault = _lacks(fields, "content")
    return Malformed(fault, content) if fault else Ignored("system")


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


@lru_cache(FRAMES_REMEMBERED)
def parse_timestamp(text: str) -> datetime | None:
    """Read a timestamp, in UTC and to the microsecond, or None if it is malformed."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    try:
        if match[1] is None:
            return datetime.fromisoformat(f"{text}Z")
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def same_json(left: object, right: object) -> bool:
    """Whether two decoded JSON values are the same.

    Other than in Python, true is not 1. Numbers are the same if they are equal as IEEE doubles (CREATE-3): few servers
    keep more of a number.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        with contextlib.suppress(OverflowError):  # raised where a number is too large for a double
            return float(left) == float(right)
    return left == right

"""Entries of `[[hear]]`: what a received frame is."""

from collections.abc import Callable, Mapping

from roomproof.dialects.envelope import unwrapped
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.template import Template
from roomproof.dialects.timestamps import timestamp_of
from roomproof.spec.messages import (
    Error,
    Frame,
    Ignored,
    Malformed,
    Message,
    Notice,
    NoticeKind,
    Pong,
    parse_timestamp,
)

FIELDS: Mapping[str, tuple[str, ...]] = {
    "message": ("content", "sender", "room", "timestamp"),
    "joined": ("user", "room", "timestamp"),
    "left": ("user", "room", "timestamp"),
    "error": ("content",),
    "pong": ("timestamp",),
    "ignore": (),
}
"""The kinds of frames, and the fields that each can have."""


def _nothing(_: object) -> str:
    return ""


class _WrongFieldError(Exception):
    """A field of a frame is missing or has the wrong type; the message says which."""


class Hear:
    """An entry of `[[hear]]`.

    `when` is contained in the frames that the entry is about; None takes all frames. A field is what its pointer finds,
    or what its placeholder in `when` captured.
    """

    def __init__(
        self, kind: str, when: Template | None, pointers: Mapping[str, Pointer], *, has_envelope: bool = False
    ) -> None:
        self.kind, self.when, self.pointers, self.has_envelope = kind, when, pointers, has_envelope
        captured = when.names if when is not None else frozenset()
        self.fields = frozenset(pointers) | (captured & set(FIELDS[kind]))
        """The fields that the entry finds."""
        self._make = _MAKERS[kind]
        is_ordinary = kind == "message" and self.fields == frozenset(pointers) and not has_envelope
        found = {name: pointer.find for name, pointer in pointers.items()}
        self._finds = tuple(found.get(name, _nothing) for name in FIELDS[kind]) if is_ordinary else ()
        """Find the fields of an ordinary message: those that it lacks are empty."""

    def read(self, value: object, room: str) -> Frame | None:
        """Return the frame that a value is; None if the entry is not about it."""
        captured = {} if self.when is None else self.when.match(value)
        if captured is None:
            return None
        if self._finds and (message := self._ordinary(value, room)) is not None:
            return message
        found = _Found(self, value, captured)
        try:
            return self._make(found, room)
        except _WrongFieldError as error:
            return Malformed(str(error), found.get("content"))

    def _ordinary(self, value: object, room: str) -> Message | None:
        """Read a message all of whose fields are strings, faster than any other."""
        content, sender, found, timestamp = [find(value) for find in self._finds]
        if not (type(content) is str and type(sender) is str and type(found) is str and type(timestamp) is str):
            return None
        if "timestamp" in self.fields and parse_timestamp(timestamp) is None:
            return None
        return Message(content, sender, found if "room" in self.fields else room, timestamp)


class _Found:
    """The fields of one frame."""

    __slots__ = ("captured", "hear", "value")

    def __init__(self, hear: Hear, value: object, captured: Mapping[str, object]) -> None:
        self.hear, self.value, self.captured = hear, value, captured

    def get(self, name: str) -> object:
        """Return a field; None if it is not there."""
        pointer = self.hear.pointers.get(name)
        return self.captured.get(name) if pointer is None else pointer.find(self.value)

    def text(self, name: str) -> str:
        """Return a field that must be a string."""
        value = self.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a string", value)
        return value

    def name(self, name: str, otherwise: str) -> str:
        """Return a field that names something: a string or a whole number."""
        if name not in self.hear.fields:
            return otherwise
        value = self.get(name)
        if type(value) is str:
            return value
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.wrong(name, "a string or a whole number", value)
        return str(value)

    def timestamp(self) -> str:
        """Return the time, or an empty string if the entry has none."""
        if "timestamp" not in self.hear.fields:
            return ""
        value = self.get("timestamp")
        timestamp = timestamp_of(value)
        if timestamp is None:
            raise self.wrong("timestamp", "an ISO 8601 timestamp, or seconds or milliseconds since 1970", value)
        return timestamp

    def wrong(self, name: str, expected: str, value: object) -> _WrongFieldError:
        pointer = self.hear.pointers.get(name)
        where = f" at {pointer.text!r}" if pointer is not None else ""
        got = "none" if value is None else repr(value)
        return _WrongFieldError(f"expected {expected} as {name} of a frame of kind {self.hear.kind}{where}, got {got}")


def _message(found: _Found, room: str) -> Message:
    content, sender = found.text("content"), found.name("sender", "")
    if found.hear.has_envelope:
        sender, content = unwrapped(content)
    return Message(content, sender, found.name("room", room), found.timestamp())


def _notice(found: _Found, room: str) -> Notice:
    kind = NoticeKind(found.hear.kind)
    return Notice(kind, found.name("user", ""), found.name("room", room), found.timestamp())


def _error(found: _Found, _: str) -> Error:
    content = found.get("content")
    return Error(content if isinstance(content, str) else None)


def _pong(found: _Found, _: str) -> Pong:
    return Pong(found.timestamp())


def _ignored(_: _Found, __: str) -> Ignored:
    return Ignored("ignored")


_MAKERS: Mapping[str, Callable[[_Found, str], Frame]] = {
    "message": _message,
    "joined": _notice,
    "left": _notice,
    "error": _error,
    "pong": _pong,
    "ignore": _ignored,
}

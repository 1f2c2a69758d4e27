"""JSON in text frames, and bare text."""

import json
from collections.abc import Mapping

import msgspec

from roomproof.dialects.codecs.codec import FrameError
from roomproof.spec.messages import decode_json

_decode_fast = msgspec.json.Decoder().decode
_encode_fast = msgspec.json.Encoder().encode


def encode_json(value: object) -> str:
    """Return a value as JSON, without spaces."""
    try:
        return _encode_fast(value).decode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape
        return json.dumps(value, separators=(",", ":"))


def read_json(text: str) -> object:
    """Return the value of a JSON text. Raises FrameError."""
    try:
        return _decode_fast(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        value: object = decode_json(text)  # takes lone surrogates, too
    except (ValueError, RecursionError) as error:
        raise FrameError("expected JSON") from error
    return value


def text_of(frame: str | bytes) -> str:
    """Return a text frame. Raises FrameError for a binary one."""
    if isinstance(frame, bytes):
        raise FrameError("expected a text frame, got a binary one")
    return frame


class JsonCodec:
    """Each frame is one JSON value. A frame that is a string stands for bare text."""

    tables: Mapping[str, object] = {}

    def check(self, value: object) -> None:
        """Take any value."""

    def encode(self, value: object) -> str:
        """Return the value as JSON."""
        return encode_json(value)

    def decode(self, frame: str | bytes) -> object:
        """Return the JSON value. Raises FrameError for a string: it is bare text."""
        value = read_json(text_of(frame))
        if isinstance(value, str):
            raise FrameError("expected a JSON object")
        return value


class TextCodec:
    """Each frame is the content itself: a string."""

    tables: Mapping[str, object] = {"say": {"frame": "{content}"}, "hear": [{"message": {"content": "@"}}]}

    def check(self, value: object) -> None:
        """Raise FrameError for anything but a string."""
        if not isinstance(value, str):
            raise FrameError("expected a string")

    def encode(self, value: object) -> str:
        """Return the string. Raises FrameError for anything else."""
        self.check(value)
        return str(value)

    def decode(self, frame: str | bytes) -> object:
        """Return the text of the frame."""
        return text_of(frame)

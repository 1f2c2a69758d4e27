"""The interface of codecs."""

from collections.abc import Mapping
from typing import Protocol


class FrameError(Exception):
    """A value is no frame, or a frame cannot be read; the message says why."""


class Codec(Protocol):
    """Encodes values as frames, and decodes frames.

    A codec is pure, and the same for all connections. A user's own codec is a class of this form, named by an entry
    point of the group `roomproof.dialects`. It is called with the keys of the table `[codec]`, except for `name`.
    """

    tables: Mapping[str, object]
    """The tables of a target file that the framing itself asks for.

    `connect`, `say`, `heartbeat` and `leave` are defaults. The steps of `opening` come before those of the file, and
    the entries of `answer` and `hear` after them. An entry with `message` is left out where the file has one.
    """

    def check(self, value: object) -> None:
        """Raise FrameError if no frame reads as a value that contains this one."""

    def encode(self, value: object) -> str | bytes:
        """Return the frame of a value: text as str, binary as bytes. Raises FrameError."""

    def decode(self, frame: str | bytes) -> object:
        """Return the value of a frame. Raises FrameError."""

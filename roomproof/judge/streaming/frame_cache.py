"""The decode cache of the streaming form: what the last frames of a room were, in the order in which they came.

Everyone in a room usually gets the same bytes in the same order, so each distinct frame is decoded once, and the other
receivers only compare bytes at their own cursor: those on the wire, so that not even a frame has to be cut out. What is
not found costs a decoding, never a verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

CACHED_FRAMES = 256
"""So many frames a room are remembered, unless it is told otherwise."""

TEXT_FRAME = 0x81
"""The first byte of a whole text frame (RFC 6455, 5.2)."""


@dataclass(eq=False, slots=True)
class DeliveryTimes:
    """When a message was meant to be said, and when it came to the first and to the last receiver so far."""

    meant: int
    first: int
    last: int
    is_whole: bool
    """Whether nobody had received it before."""
    cached_frames: int = 0
    """How many cached_frames of the room carry it: its bytes may vary between instances, or even between receivers."""


UNTIMED = DeliveryTimes(0, 0, 0, is_whole=False)
"""That of everything that is no message, or does not tell when it was meant."""


@dataclass(eq=False, slots=True)
class CachedFrame:
    """A frame as it comes over the wire, the column of its sender, and which item it carries."""

    wire: bytes
    size: int
    payload: int
    """Where the payload begins."""
    column: int
    item: int
    following: int
    """Where the receiver's cursor goes from here."""
    meant: int = 0
    """When its message was meant to be said; 0 if that is not known."""
    timing: DeliveryTimes = UNTIMED
    next_item: int = field(init=False)
    """What comes after its item: one number, which all receivers share."""

    def __post_init__(self) -> None:
        self.next_item = self.item + 1

    @property
    def frame(self) -> bytes:
        """The payload."""
        return self.wire[self.payload :]


NOTHING = CachedFrame(cast("bytes", ()), 0, 0, -1, -1, 0)
"""What stands where nothing is remembered. No bytes start with an empty tuple: that is faster than asking."""


def on_the_wire(frame: bytes) -> bytes:
    """A text frame of a server as it usually comes: whole, and not masked."""
    size = len(frame)
    if size < 126:
        return bytes((TEXT_FRAME, size)) + frame
    if size < 65_536:
        return bytes((TEXT_FRAME, 126)) + size.to_bytes(2) + frame
    return bytes((TEXT_FRAME, 127)) + size.to_bytes(8) + frame


class FrameCache:
    """The last frames that came to anyone on one instance."""

    def __init__(self, dropped: Callable[[CachedFrame], None], frames: int = CACHED_FRAMES) -> None:
        """`dropped` is called with each cached that is forgotten."""
        self.cached_frames = [NOTHING] * frames
        self._dropped = dropped
        self._by_wire: dict[bytes, CachedFrame] = {}
        self._next = 0

    def find(self, wire: bytes) -> CachedFrame | None:
        """The cached of a frame as it comes over the wire, wherever it stands."""
        return self._by_wire.get(wire)

    def add(self, wire: bytes, payload: int, column: int, item: int) -> CachedFrame:
        """Remember a frame, whose payload begins at a position, and forget the oldest."""
        index = self._next
        self._next = (index + 1) % len(self.cached_frames)
        cached = CachedFrame(wire, len(wire), payload, column, item, self._next)
        self._drop(index)
        self.cached_frames[index] = self._by_wire[wire] = cached
        return cached

    def forget(self, column: int) -> None:
        """Forget all frames of one sender."""
        for index, cached in enumerate(self.cached_frames):
            if cached.column == column:
                self._drop(index)

    def close(self) -> None:
        """Forget all frames."""
        for index in range(len(self.cached_frames)):
            self._drop(index)

    def frame_of(self, column: int, item: int) -> bytes | None:
        """The frame that carried an item, if it is remembered."""
        return next(
            (cached.frame for cached in self.cached_frames if (cached.column, cached.item) == (column, item)), None
        )

    def _drop(self, index: int) -> None:
        cached = self.cached_frames[index]
        if cached is not NOTHING:
            self._by_wire.pop(cached.wire, None)
            self.cached_frames[index] = NOTHING
            self._dropped(cached)

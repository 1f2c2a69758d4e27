"""The cache of decoded frames: the last ones of a room, in order of arrival.

Everyone in a room usually receives the same bytes in the same order. So each distinct frame is decoded once, and every
other receiver only compares bytes at its own cursor. The bytes compared are those on the wire, so that not even a frame
has to be cut out of what was read. A frame that is not found costs a decoding, never a verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

CACHED_FRAMES = 256
"""Number of frames that the cache of a room holds, unless told otherwise."""

TEXT_FRAME, BINARY_FRAME = 0x81, 0x82
"""First byte of an unfragmented text frame, and of a binary one (RFC 6455, section 5.2)."""


@dataclass(eq=False, slots=True)
class DeliveryTimes:
    """Times of a message: scheduled to be sent, first received, last received so far."""

    scheduled: int
    first: int
    last: int
    is_whole: bool
    """Whether `first` is the first receipt of all."""
    cached_frames: int = 0
    """Number of cached frames that carry the message: its bytes can differ by instance, or even by receiver."""


UNTIMED = DeliveryTimes(0, 0, 0, is_whole=False)
"""The times of a frame that is no message, or does not tell when it was scheduled to be sent."""


@dataclass(eq=False, slots=True)
class CachedFrame:
    """A frame on the wire, the column of its sender, and the item that it carries."""

    wire: bytes
    size: int
    payload: int
    """Position at which the payload begins."""
    column: int
    item: int
    following: int
    """Cursor of a receiver after this frame."""
    scheduled: int = 0
    """Time at which its message was scheduled to be sent; 0 if unknown."""
    timing: DeliveryTimes = UNTIMED
    next_item: int = field(init=False)
    """Number of the item after this one: one int object, which all receivers share."""

    def __post_init__(self) -> None:
        self.next_item = self.item + 1

    @property
    def frame(self) -> bytes:
        """The payload."""
        return self.wire[self.payload :]


NOTHING = CachedFrame(cast("bytes", ()), 0, 0, -1, -1, 0)
"""The entry of a free place. No bytes start with an empty tuple: comparing with it is faster than asking for None."""


def on_the_wire(frame: bytes, *, is_binary: bool = False) -> bytes:
    """A frame as a server usually sends it: unfragmented and unmasked."""
    size, first = len(frame), BINARY_FRAME if is_binary else TEXT_FRAME
    if size < 126:
        return bytes((first, size)) + frame
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2) + frame
    return bytes((first, 127)) + size.to_bytes(8) + frame


class FrameCache:
    """The last frames that anyone on one instance received.

    Invariants:

    - `cached_frames` never changes its length, and the list object is shared: receivers hold it and their own cursor.
    - Each entry of `cached_frames` is NOTHING, or it is the value of its own wire bytes in `_by_wire`.
    - The `following` of the entry at index i is (i + 1) modulo the length; `_next` is the oldest place.
    - `dropped` is called once for each entry that leaves the cache.
    """

    def __init__(self, dropped: Callable[[CachedFrame], None], frames: int = CACHED_FRAMES) -> None:
        """`dropped` is called with each entry that leaves; `frames` counts the places."""
        self.cached_frames = [NOTHING] * frames
        self._dropped = dropped
        self._by_wire: dict[bytes, CachedFrame] = {}
        self._next = 0

    def find(self, wire: bytes) -> CachedFrame | None:
        """The entry of a frame as it arrived on the wire, wherever it stands."""
        return self._by_wire.get(wire)

    def add(self, wire: bytes, payload: int, column: int, item: int) -> CachedFrame:
        """Add a frame, whose payload begins at a position, in the place of the oldest."""
        index = self._next
        self._next = (index + 1) % len(self.cached_frames)
        cached = CachedFrame(wire, len(wire), payload, column, item, self._next)
        self._drop(index)
        self.cached_frames[index] = self._by_wire[wire] = cached
        return cached

    def forget(self, column: int) -> None:
        """Drop all frames of the sender in a column."""
        for index, cached in enumerate(self.cached_frames):
            if cached.column == column:
                self._drop(index)

    def clear(self) -> None:
        """Drop all frames."""
        for index in range(len(self.cached_frames)):
            self._drop(index)

    def frame_of(self, column: int, item: int) -> bytes | None:
        """The frame that carried an item, if it is in the cache."""
        return next(
            (cached.frame for cached in self.cached_frames if (cached.column, cached.item) == (column, item)), None
        )

    def _drop(self, index: int) -> None:
        cached = self.cached_frames[index]
        if cached is not NOTHING:
            self._by_wire.pop(cached.wire, None)
            self.cached_frames[index] = NOTHING
            self._dropped(cached)

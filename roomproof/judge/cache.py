"""The decode cache of the streaming form: what the last frames of a room were, in the order in which they came.

Everyone in a room usually gets the same bytes in the same order, so each distinct frame is decoded once, and the other
receivers only compare bytes at their own cursor. What is not found costs a decoding, never a verdict.
"""

from typing import NamedTuple

CACHED_FRAMES = 256
"""So many frames a room are remembered; a power of two."""


class Slot(NamedTuple):
    """A frame, the column of its speaker, which item it carries, and where the receiver's cursor goes from here."""

    frame: bytes
    column: int
    item: int
    following: int


NOTHING = Slot(b"", -1, -1, 0)


class Cache:
    """The last frames that came to anyone on one instance."""

    def __init__(self) -> None:
        self.slots = [NOTHING] * CACHED_FRAMES
        self._by_frame: dict[bytes, Slot] = {}
        self._count = 0

    def find(self, frame: bytes) -> Slot | None:
        """The slot of a frame, wherever it stands."""
        return self._by_frame.get(frame)

    def add(self, frame: bytes, column: int, item: int) -> Slot:
        """Remember a frame, and forget the oldest."""
        index = self._count % CACHED_FRAMES
        self._count += 1
        slot = Slot(frame, column, item, self._count % CACHED_FRAMES)
        self._by_frame.pop(self.slots[index].frame, None)
        self.slots[index] = self._by_frame[frame] = slot
        return slot

    def forget(self, column: int) -> None:
        """Forget all frames of one speaker."""
        for index, slot in enumerate(self.slots):
            if slot.column == column:
                self._by_frame.pop(slot.frame, None)
                self.slots[index] = NOTHING

    def frame_of(self, column: int, item: int) -> bytes | None:
        """The frame that carried an item, if it is remembered."""
        return next((slot.frame for slot in self.slots if (slot.column, slot.item) == (column, item)), None)

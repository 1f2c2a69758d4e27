"""The frames that one member has still to be sent."""

import asyncio
from collections import deque

OUTBOX_FRAMES = 256
"""Maximum number of queued frames.

A member that is further behind is closed with 1013 (CLOSE-5)."""

OUTBOX_CHARACTERS = 4 * 2**20
"""Maximum number of queued characters, which bounds the memory of a member."""


class Outbox:
    """A bounded queue of frames with one reader.

    ``put`` is synchronous, so a room fills many outboxes in one step.

    Invariants:

    - Frames come out in the order in which they were put.
    - ``_characters`` is the total length of the queued frames, and stays within OUTBOX_CHARACTERS.
    - At most OUTBOX_FRAMES frames are queued.
    - ``_drained`` is set exactly while the outbox is less than half full.
    - Once the outbox is closed, nothing is put any more.
    """

    def __init__(self) -> None:
        self._frames: deque[str] = deque()
        self._characters = 0
        self._closed = False
        self._changed: asyncio.Future[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()

    def put(self, frame: str) -> bool:
        """Queue a frame. Return False, and drop the frame, if the outbox is full."""
        if len(self._frames) >= OUTBOX_FRAMES or self._characters + len(frame) > OUTBOX_CHARACTERS:
            return False
        self._frames.append(frame)
        self._characters += len(frame)
        if self._half_full():
            self._drained.clear()
        self._wake()
        return True

    async def get(self) -> str | None:
        """Wait for the oldest frame, and remove it.

        Return None once the outbox is closed and empty.
        """
        while not self._frames:
            if self._closed:
                return None
            self._changed = asyncio.get_running_loop().create_future()
            await self._changed
        frame = self._frames.popleft()
        self._characters -= len(frame)
        if not self._drained.is_set() and not self._half_full():
            self._drained.set()
        return frame

    async def drained(self) -> None:
        """Wait until the outbox is less than half full."""
        await self._drained.wait()

    def close(self) -> None:
        """Put nothing more. The queued frames can still be got."""
        self._closed = True
        self._wake()

    def clear(self) -> None:
        """Drop the queued frames."""
        self._frames.clear()
        self._characters = 0
        self._drained.set()

    def _half_full(self) -> bool:
        return len(self._frames) >= OUTBOX_FRAMES // 2 or self._characters >= OUTBOX_CHARACTERS // 2

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

"""What one member is still to be told."""

import asyncio
from collections import deque

OUTBOX_FRAMES = 256
"""A member that is further behind than this is closed with 1013 (CLOSE-5)."""

OUTBOX_CHARACTERS = 4 * 2**20
"""The same for large frames, so that a member costs a bounded amount of memory whatever is said."""


class Outbox:
    """A bounded queue with one reader. To put is synchronous, so that a room can fill many outboxes in one step."""

    def __init__(self) -> None:
        self._frames: deque[str] = deque()
        self._characters = 0
        self._closed = False
        self._changed: asyncio.Future[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()

    def put(self, frame: str) -> bool:
        """Queues the frame; False, and the frame is dropped, if there is no room for it."""
        if len(self._frames) >= OUTBOX_FRAMES or self._characters + len(frame) > OUTBOX_CHARACTERS:
            return False
        self._frames.append(frame)
        self._characters += len(frame)
        if self._half_full():
            self._drained.clear()
        self._wake()
        return True

    async def get(self) -> str | None:
        """The oldest frame, as soon as there is one; None when the outbox is finished and empty."""
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
        """Waits until the outbox is less than half full."""
        await self._drained.wait()

    def close(self) -> None:
        """Nothing more will be put; what is queued can still be got."""
        self._closed = True
        self._wake()

    def clear(self) -> None:
        """Throws away what is queued."""
        self._frames.clear()
        self._characters = 0
        self._drained.set()

    def _half_full(self) -> bool:
        return len(self._frames) >= OUTBOX_FRAMES // 2 or self._characters >= OUTBOX_CHARACTERS // 2

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

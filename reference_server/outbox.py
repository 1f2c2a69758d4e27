"""The frames that one member has still to be sent."""

import asyncio
from collections import deque
from collections.abc import Callable

OUTBOX_FRAMES = 256
"""Number of queued frames from which a member can be given up.

It is, once it has taken no frame for a while (CLOSE-5)."""

OUTBOX_BYTES = 4 * 2**20
"""Maximum memory of the queued frames in bytes.

A member that is further behind is closed with 1013 (CLOSE-5)."""

FRAME_OVERHEAD_BYTES = 64
"""Memory of a queued frame in bytes, without its text."""

STALL_CHECKS = 5
STALL_CHECK_SECONDS = 1.0
"""Number and interval of checks that find a long outbox stuck, before the end.

They are timers in sequence: after a pause of the whole server only one of them is due, whatever its length."""

FRAMES_PER_TURN = 16
"""Number of frames that come out before all other tasks have had their turn."""


class Outbox:
    """A queue of frames with one reader, the task that writes to the member.

    A member is too far behind when its reader is stuck: it took a frame, and has not come back for the next one. A
    reader that has not had its turn yet says nothing about the member. Senders wait for their own outbox, which bounds
    the others of their room, too.

    ``put`` is synchronous, so a room fills many outboxes in one step.

    Invariants:

    - Frames come out in the order in which they were put.
    - ``_bytes`` is the memory of the queued frames. It grows beyond OUTBOX_BYTES only while the reader is not stuck.
    - ``_is_stuck`` is true from each frame that ``get`` returns until the next call.
    - ``_drained`` is set exactly while the outbox is less than half full.
    - A timer runs while OUTBOX_FRAMES or more are queued, until the outbox is closed.
    - Once the outbox is closed, nothing is put any more, and ``on_stalled`` is not called.
    """

    def __init__(self, on_stalled: Callable[[], None]) -> None:
        """``on_stalled`` is called when the member is given up between frames."""
        self._on_stalled: Callable[[], None] | None = on_stalled
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._taken = self._taken_at_check = self._checks = 0
        self._is_stuck = False
        self._closed = False
        self._changed: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._drained = asyncio.Event()
        self._drained.set()

    def put(self, frame: str) -> bool:
        """Queue a frame.

        Return False, and drop the frame, if the member is too far behind.
        """
        size = _memory(frame)
        if self._is_stuck and self._bytes + size > OUTBOX_BYTES:
            return False
        self._frames.append(frame)
        self._bytes += size
        if self._half_full():
            self._drained.clear()
            if self._timer is None and len(self._frames) >= OUTBOX_FRAMES and not self._closed:
                self._schedule_check()
        self._wake()
        return True

    async def get(self) -> str | None:
        """Wait for the oldest frame, and remove it.

        Return None once the outbox is closed and empty.
        """
        self._is_stuck = False
        if self._taken % FRAMES_PER_TURN == FRAMES_PER_TURN - 1:
            await asyncio.sleep(0)
        while not self._frames:
            if self._closed:
                return None
            self._changed = asyncio.get_running_loop().create_future()
            await self._changed
        frame = self._frames.popleft()
        self._bytes -= _memory(frame)
        self._taken += 1
        self._is_stuck = True
        if not self._drained.is_set() and not self._half_full():
            self._drained.set()
        return frame

    async def drained(self) -> None:
        """Wait until the outbox is less than half full."""
        await self._drained.wait()

    def close(self) -> None:
        """Put nothing more. The queued frames can still be got."""
        self._closed = True
        self._on_stalled = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def clear(self) -> None:
        """Drop the queued frames."""
        self._frames.clear()
        self._bytes = 0
        self._drained.set()

    def _half_full(self) -> bool:
        return len(self._frames) >= OUTBOX_FRAMES // 2 or self._bytes >= OUTBOX_BYTES // 2

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _schedule_check(self) -> None:
        self._taken_at_check = self._taken
        self._timer = asyncio.get_running_loop().call_later(STALL_CHECK_SECONDS, self._check)

    def _check(self) -> None:
        """Report a member whose long outbox was stuck for STALL_CHECKS checks."""
        self._timer = None
        is_stuck = self._is_stuck and self._taken == self._taken_at_check
        self._checks = self._checks + 1 if is_stuck else 0
        if len(self._frames) < OUTBOX_FRAMES:
            self._checks = 0
        elif self._checks < STALL_CHECKS:
            self._schedule_check()
        elif self._on_stalled is not None:
            self._on_stalled()


def _memory(frame: str) -> int:
    """Return the most bytes that a frame takes in memory and on the wire."""
    return FRAME_OVERHEAD_BYTES + (len(frame) if frame.isascii() else 4 * len(frame))

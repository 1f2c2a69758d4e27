"""Speaks, at their times, for all who do nothing but talk: one timer instead of a greenlet to wake for each."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gevent import get_hub
from gevent.event import AsyncResult

Send = Callable[[int], int | None]
"""Speaks at a time, and resender when it is to speak next, or None if it cannot for now. Must not block."""


BATCH_NS = 5_000_000
"""So long sender are given at a time, before what has come meanwhile is read."""


@dataclass(slots=True)
class PacedSender:
    """The sender of one who talks."""

    send: Send
    is_over: bool = False
    """Whether there are no more."""
    _result: "AsyncResult[None]" = field(default_factory=AsyncResult)

    def wait(self) -> None:
        """Wait until they are over; raises what a turn raised."""
        self._result.get()

    def stop(self, error: Exception | None = None) -> None:
        """There are no more, because of an error or without. Nothing happens if they are over."""
        if self.is_over:
            return
        self.is_over = True
        if error is None:
            self._result.set(None)
        else:
            self._result.set_exception(error)


class Pacer:
    """Gives everybody their sender. Times are nanoseconds of the monotonic clock."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, PacedSender]] = []
        """A heap: when, a number that nobody else has, and whose turn it is."""
        self._numbers = count()
        self._loop = get_hub().loop
        self._timer: Any = None
        self._wakes_at = 0

    def stop(self) -> None:
        """Nobody gets a turn any more."""
        self._due.clear()
        self._cancel_timer()

    def pace(self, due: int | None, send: Send) -> PacedSender:
        """Call `speak` when it is due, and from then on whenever it says, until it cannot or the sender are ended.

        If `due` is None there are no sender, and they are not over before somebody ends them.
        """
        sender = PacedSender(send)
        if due is not None:
            heapq.heappush(self._due, (due, next(self._numbers), sender))
            if self._timer is None or due < self._wakes_at:
                self._set_timer()
        return sender

    def _send_due(self) -> None:
        begin = now = time.monotonic_ns()
        # Whoever is behind and due again has to wait until what has come meanwhile was read.
        again = []
        while self._due and self._due[0][0] <= begin and now - begin < BATCH_NS:
            _, number, sender = heapq.heappop(self._due)
            following = self._call(sender, now)
            if following is not None:
                again.append((following, number, sender))
            now = time.monotonic_ns()
        for entry in again:
            heapq.heappush(self._due, entry)
        self._set_timer()

    @staticmethod
    def _call(sender: PacedSender, now: int) -> int | None:
        """A turn; when the next one is due."""
        if sender.is_over:
            return None
        try:
            following = sender.send(now)
        except Exception as error:  # noqa: BLE001 - it is raised again where it belongs: in whose turn it was
            sender.stop(error)
            return None
        if following is None:
            sender.stop()
        return following

    def _set_timer(self) -> None:
        self._cancel_timer()
        if self._due:
            self._wakes_at = self._due[0][0]
            self._timer = self._loop.timer(max(0, self._wakes_at - time.monotonic_ns()) / 1e9)
            self._timer.start(self._send_due, update=True)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.close()
            self._timer = None

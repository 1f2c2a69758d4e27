"""Calls senders at their times: one timer for all, not a greenlet for each."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gevent import get_hub
from gevent.event import AsyncResult

Send = Callable[[int], int | None]
"""Sends at a time, and returns when to send next, or None if it cannot for now. Must not block."""

BATCH_NS = 5_000_000
"""Nanoseconds after which senders have to wait until what has arrived meanwhile is read."""


@dataclass(slots=True)
class PacedSender:
    """A sender that a pacer calls until it is over."""

    send: Send
    is_over: bool = False
    _result: "AsyncResult[None]" = field(default_factory=AsyncResult)

    def wait(self) -> None:
        """Wait until the sender is over; raise what its `send` raised."""
        self._result.get()

    def stop(self, error: Exception | None = None) -> None:
        """Call the sender no more, because of an error or without one."""
        if self.is_over:
            return
        self.is_over = True
        if error is None:
            self._result.set(None)
        else:
            self._result.set_exception(error)


class Pacer:
    """Calls senders when they are due. Times are nanoseconds of the monotonic clock."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, PacedSender]] = []
        """A heap of due times and senders, with a unique number between them that settles ties."""
        self._numbers = count()
        self._loop = get_hub().loop
        self._timer: Any = None
        self._wakes_at = 0

    def stop(self) -> None:
        """Call nobody any more."""
        self._due.clear()
        self._cancel_timer()

    def pace(self, due: int | None, send: Send) -> PacedSender:
        """Call `send` when it is due, then at the times that it returns.

        That ends when `send` returns None or the sender is stopped. With None as `due`, `send` is never
        called, and only stopping the sender ends it.
        """
        sender = PacedSender(send)
        if due is not None:
            heapq.heappush(self._due, (due, next(self._numbers), sender))
            if self._timer is None or due < self._wakes_at:
                self._set_timer()
        return sender

    def _send_due(self) -> None:
        begin = now = time.monotonic_ns()
        # A sender that is late and due again has to wait until what has arrived meanwhile is read.
        again = []
        while self._due and self._due[0][0] <= begin and now - begin < BATCH_NS:
            _, number, sender = heapq.heappop(self._due)
            next_due = self._call(sender, now)
            if next_due is not None:
                again.append((next_due, number, sender))
            now = time.monotonic_ns()
        for entry in again:
            heapq.heappush(self._due, entry)
        self._set_timer()

    @staticmethod
    def _call(sender: PacedSender, now: int) -> int | None:
        """Call a sender; return when it is due next, or None if it is over."""
        if sender.is_over:
            return None
        try:
            next_due = sender.send(now)
        except Exception as error:  # noqa: BLE001 - `wait` raises it again, where it belongs
            sender.stop(error)
            return None
        if next_due is None:
            sender.stop()
        return next_due

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

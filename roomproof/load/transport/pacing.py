"""Speaks, at their times, for all who do nothing but talk: one timer instead of a greenlet to wake for each."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gevent import get_hub
from gevent.event import AsyncResult

Speak = Callable[[int], int | None]
"""Speaks at a time, and returns when it is to speak next, or None if it cannot for now. Must not block."""


LONGEST_NS = 5_000_000
"""So long turns are given at a time, before what has come meanwhile is read."""


@dataclass(slots=True)
class Turns:
    """The turns of one who talks."""

    speak: Speak
    are_over: bool = False
    """Whether there are no more."""
    _over: "AsyncResult[None]" = field(default_factory=AsyncResult)

    def wait(self) -> None:
        """Wait until they are over; raises what a turn raised."""
        self._over.get()

    def end(self, error: Exception | None = None) -> None:
        """There are no more, because of an error or without. Nothing happens if they are over."""
        if self.are_over:
            return
        self.are_over = True
        if error is None:
            self._over.set(None)
        else:
            self._over.set_exception(error)


class Pacer:
    """Gives everybody their turns. Times are nanoseconds of the monotonic clock."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Turns]] = []
        """A heap: when, a number that nobody else has, and whose turn it is."""
        self._numbers = count()
        self._loop = get_hub().loop
        self._timer: Any = None
        self._wakes_at = 0

    def stop(self) -> None:
        """Nobody gets a turn any more."""
        self._due.clear()
        self._rest()

    def speak_for(self, due: int | None, speak: Speak) -> Turns:
        """Call `speak` when it is due, and from then on whenever it says, until it cannot or the turns are ended.

        If `due` is None there are no turns, and they are not over before somebody ends them.
        """
        turns = Turns(speak)
        if due is not None:
            heapq.heappush(self._due, (due, next(self._numbers), turns))
            if self._timer is None or due < self._wakes_at:
                self._wait()
        return turns

    def _pace(self) -> None:
        begin = now = time.monotonic_ns()
        # Whoever is behind and due again has to wait until what has come meanwhile was read.
        again = []
        while self._due and self._due[0][0] <= begin and now - begin < LONGEST_NS:
            _, number, turns = heapq.heappop(self._due)
            following = self._give(turns, now)
            if following is not None:
                again.append((following, number, turns))
            now = time.monotonic_ns()
        for entry in again:
            heapq.heappush(self._due, entry)
        self._wait()

    @staticmethod
    def _give(turns: Turns, now: int) -> int | None:
        """A turn; when the next one is due."""
        if turns.are_over:
            return None
        try:
            following = turns.speak(now)
        except Exception as error:  # noqa: BLE001 - it is raised again where it belongs: in whose turn it was
            turns.end(error)
            return None
        if following is None:
            turns.end()
        return following

    def _wait(self) -> None:
        self._rest()
        if self._due:
            self._wakes_at = self._due[0][0]
            self._timer = self._loop.timer(max(0, self._wakes_at - time.monotonic_ns()) / 1e9)
            self._timer.start(self._pace, update=True)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.close()
            self._timer = None

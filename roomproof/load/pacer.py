"""Speaks, at their times, for all who do nothing but talk: one timer instead of a greenlet to wake for each."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from gevent import get_hub
from gevent.event import AsyncResult

Speak = Callable[[int], int | None]
"""Speaks at a time, and returns when it is to speak next, or None if it cannot for now. Must not block."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one who talks."""

    speak: Speak
    over: "AsyncResult[None]"


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

    def speak_for(self, due: int | None, speak: Speak) -> "AsyncResult[None]":
        """Call `speak` when it is due, and from then on whenever it says.

        What is returned is set when it could not speak for now, and has its error if it raised one. Whoever sets it
        gets no more turns. If `due` is None it gets none at all.
        """
        over: AsyncResult[None] = AsyncResult()
        if due is not None:
            heapq.heappush(self._due, (due, next(self._numbers), Turns(speak, over)))
            if self._timer is None or due < self._wakes_at:
                self._wait()
        return over

    def _pace(self) -> None:
        now = time.monotonic_ns()
        # Whoever is behind and due again has to wait until what has come meanwhile was read.
        due = []
        while self._due and self._due[0][0] <= now:
            due.append(heapq.heappop(self._due))
        for _, number, turns in due:
            following = self._give(turns)
            if following is not None:
                heapq.heappush(self._due, (following, number, turns))
        self._wait()

    def _give(self, turns: Turns) -> int | None:
        """A turn; when the next one is due."""
        if turns.over.ready():
            return None
        try:
            following = turns.speak(time.monotonic_ns())
        except Exception as error:  # noqa: BLE001 - it is raised again where it belongs: in whose turn it was
            turns.over.set_exception(error)
            return None
        if following is None:
            turns.over.set(None)
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

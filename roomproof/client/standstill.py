"""Notices when this process gets no processor for a while.

Meanwhile it answers no ping, and a server may take it for dead.
"""

import threading
import time
from dataclasses import dataclass, field

TICK_S = 0.1
"""Seconds between two looks at the clock."""

LEAST_S = 0.5
"""Shortest pause in seconds that is kept."""


@dataclass(slots=True)
class Pauses:
    """The pauses between looks at a clock that should come every TICK_S seconds."""

    last: float
    """The time of the last look, in seconds."""
    _kept: list[tuple[float, float]] = field(default_factory=list)
    """For each pause, when it ended, and how long it was."""

    def look(self, now: float) -> None:
        """Take the time of a look, which shows how long nothing ran."""
        pause = now - self.last - TICK_S
        if pause >= LEAST_S:
            self._kept.append((now, pause))
        self.last = now

    def longest(self, since: float) -> float:
        """Return the longest pause in seconds that ended after `since`; 0 without any."""
        return max((seconds for end, seconds in self._kept if end >= since), default=0.0)


class Standstill:
    """A thread that notices the pauses of its process."""

    def __init__(self) -> None:
        self._pauses = Pauses(time.monotonic())
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="standstill", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def longest(self, since: float) -> float:
        """Return the longest pause in seconds that ended after `since`.

        `since` is a time of the monotonic clock.
        """
        self._look()
        return self._pauses.longest(since)

    def _watch(self) -> None:
        while not self._over.wait(TICK_S):
            self._look()

    def _look(self) -> None:
        with self._turn:
            self._pauses.look(time.monotonic())

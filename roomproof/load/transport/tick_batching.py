"""Interrupt coalescing: a generator looks for what has come once a tick, not once a frame.

Waking up costs more than judging. All ticks begin at whole milliseconds, and users mean to speak at their beginnings,
so that the generator is on time; what comes in between is taken to have come at the end: how long something took is
overstated by up to a tick, and never understated; the time between two deliveries may be wrong by that either way.
"""

import time
from collections.abc import Callable

from gevent import get_hub, monkey

from roomproof.load.transport.schedule import TICK_NS

BUSY_TICKS = 10
"""Only who had something to do in so many more ticks than it had none, lately, waits for the end of one."""

MAX_BUSY_TICKS = 2 * BUSY_TICKS
"""So many count: who is busy may miss a few ticks where others use the machine as well, and is busy still."""

_sleep = monkey.get_original("time", "sleep")


class TickBatching:
    """Lets this process look for what has come once a tick, or as often as it can if that is less.

    While something `is_urgent`, or there was little to do, it looks at once.
    """

    def __init__(self, is_urgent: Callable[[], bool]) -> None:
        self._is_urgent = is_urgent
        self._last_tick = self._busy_ticks = 0
        self._watcher = get_hub().loop.prepare()

    def start(self) -> None:
        """Begin."""
        self._watcher.start(self._wait)

    def stop(self) -> None:
        """Look at everything at once again."""
        self._watcher.stop()
        self._watcher.close()

    def _wait(self) -> None:
        tick = time.monotonic_ns() // TICK_NS
        if tick == self._last_tick and self._busy_ticks >= BUSY_TICKS and not self._is_urgent():
            tick += 1
            _sleep(max(0, tick * TICK_NS - time.monotonic_ns()) / 1e9)
        if tick != self._last_tick:
            skipped = tick - self._last_tick - 1
            self._busy_ticks = (
                max(0, self._busy_ticks - skipped) if skipped else min(self._busy_ticks + 1, MAX_BUSY_TICKS)
            )
            self._last_tick = tick

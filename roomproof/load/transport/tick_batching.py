"""Interrupt coalescing: a busy generator looks for data only once a tick.

Waking up costs more than judging. Messages are scheduled for beginnings of ticks, so sending stays on time. Data that
arrives within a tick is taken to have arrived at its end: times are overstated by up to a tick, never understated. The
time between two deliveries can be wrong by a tick in both directions.
"""

import time
from collections.abc import Callable

from gevent import get_hub, monkey

from roomproof.load.transport.schedule import TICK_NS

BUSY_TICKS = 10
"""A process is busy once it had work in this many more ticks than it had none, lately."""

MAX_BUSY_TICKS = 2 * BUSY_TICKS
"""The largest count of busy ticks, so that a busy process can miss a few ticks and stays busy."""

_sleep = monkey.get_original("time", "sleep")


class TickBatching:
    """Delays the loop of this process, while it is busy, to one look for data a tick.

    While `is_urgent` returns true, the loop is not delayed.
    """

    def __init__(self, is_urgent: Callable[[], bool]) -> None:
        self._is_urgent = is_urgent
        self._last_tick = self._busy_ticks = 0
        self._watcher = get_hub().loop.prepare()

    def start(self) -> None:
        """Start delaying."""
        self._watcher.start(self._wait)

    def stop(self) -> None:
        """Stop delaying, for good."""
        self._watcher.stop()
        self._watcher.close()

    def _wait(self) -> None:
        tick = time.monotonic_ns() // TICK_NS
        if tick == self._last_tick and self._busy_ticks >= BUSY_TICKS and not self._is_urgent():
            tick += 1
            _sleep(max(0, tick * TICK_NS - time.monotonic_ns()) / 1e9)
        if tick != self._last_tick:
            self._count_busy_ticks(tick - self._last_tick - 1)
            self._last_tick = tick

    def _count_busy_ticks(self, idle_ticks: int) -> None:
        if idle_ticks:
            self._busy_ticks = max(0, self._busy_ticks - idle_ticks)
        else:
            self._busy_ticks = min(self._busy_ticks + 1, MAX_BUSY_TICKS)

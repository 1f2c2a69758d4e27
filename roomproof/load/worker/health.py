"""Measures the load of this process: an overloaded generator proves little."""

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import gevent
import psutil

from roomproof.load.figures.percentiles import Percentiles, histogram_of

SCHEDULED = Path("/proc/self/schedstat")
"""Scheduling of the main thread on Linux: nanoseconds on a core, nanoseconds ready for one, time slices."""

TICK_S = 0.02
"""Seconds of the timer whose lateness is measured."""


@dataclass(slots=True)
class Health:
    """The load of this process. Call `sample` once a second."""

    lag: Percentiles = field(default_factory=Percentiles)
    worst_lag_ms: float = 0.0
    """The worst lateness between the last two samples."""
    cpu: float = 0.0
    """The share of a core that was used between the last two samples."""
    demand: float = 0.0
    """The share of a core that was used, or waited for while others had it."""
    _lags: list[int] = field(default_factory=list)
    _ticker: gevent.Greenlet | None = None
    _process: psutil.Process = field(default_factory=psutil.Process)
    _cpu_at_start: float = 0.0
    _rss_at_start: int = 0
    _rss: int = 0
    _last: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def start(self) -> None:
        """Start measuring."""
        self._cpu_at_start, self._rss_at_start = cpu_seconds(), self.rss
        self._last = time.monotonic(), cpu_seconds(), seconds_in_queue()
        self._ticker = gevent.spawn(self._tick)

    def stop(self) -> None:
        """Stop measuring."""
        if self._ticker is not None:
            self._ticker.kill(block=False)

    def _tick(self) -> None:
        while True:
            begin = time.monotonic_ns()
            gevent.sleep(TICK_S)
            self._lags.append(max(0, time.monotonic_ns() - begin - round(TICK_S * 1e9)))

    def sample(self) -> None:
        """Update all figures with the time since the last sample."""
        now, cpu, queued = time.monotonic(), cpu_seconds(), seconds_in_queue()
        then, cpu_then, queued_then = self._last
        self._last = now, cpu, queued
        passed = max(now - then, 1e-9)
        self.cpu = (cpu - cpu_then) / passed
        self.demand = self.cpu + (queued - queued_then) / passed
        self.worst_lag_ms = max(self._lags, default=0) / 1e6
        self.lag.add(histogram_of(self._lags))
        self._lags.clear()

    @property
    def cpu_used(self) -> float:
        """Seconds of CPU used since the start."""
        return cpu_seconds() - self._cpu_at_start

    @property
    def rss(self) -> int:
        """Resident bytes, as last known; finding out takes a file descriptor."""
        with contextlib.suppress(OSError):
            self._rss = int(self._process.memory_info().rss)
        return self._rss

    @property
    def rss_grown(self) -> int:
        """Growth of the resident memory since the start, in bytes."""
        return max(0, self.rss - self._rss_at_start)


def cpu_seconds() -> float:
    """Return the seconds of CPU that this process has used."""
    times = os.times()
    return times.user + times.system


def seconds_in_queue() -> float:
    """Return the seconds that the main thread waited for its core.

    Returns 0 where the system does not tell.
    """
    try:
        return int(SCHEDULED.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0

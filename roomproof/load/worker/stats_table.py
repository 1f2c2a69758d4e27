"""Shows times and failures in the table and the charts of Locust.

Times are added in batches: an event for each would cost more than judging.
"""

import time
from collections.abc import Mapping

from locust.stats import RequestStats, StatsEntry, bucket_response_time

from roomproof.load.figures.metrics import Timing

METHOD = "WS"

SHOWN = frozenset({Timing.CONNECT, Timing.JOIN, Timing.SEND, Timing.DELIVER, Timing.LEAVE})
"""The timings that the table shows: it never names rooms or users."""


class StatsTable:
    """Adds to the statistics of one Locust process."""

    def __init__(self, stats: RequestStats) -> None:
        self._stats = stats

    def add_times(self, timing: Timing, microseconds: Mapping[int, int]) -> None:
        """Add the times of a timing, if the table shows it."""
        if timing not in SHOWN:
            return
        name = timing.value  # Locust writes the name to files
        batch = StatsEntry(self._stats, name, METHOD)
        now = time.time()
        batch.start_time = batch.last_request_timestamp = now
        batch.num_requests = batch.num_reqs_per_sec[int(now)] = sum(microseconds.values())
        # Locust declares whole milliseconds, and accepts fractions.
        batch.total_response_time = sum(us * count for us, count in microseconds.items()) / 1_000  # type: ignore[assignment]
        batch.min_response_time, batch.max_response_time = min(microseconds) / 1_000, max(microseconds) / 1_000  # type: ignore[assignment]
        for time_us, count in microseconds.items():
            batch.response_times[bucket_response_time(time_us / 1_000)] += count
        self._stats.entries[name, METHOD].extend(batch)
        self._stats.total.extend(batch)

    def add_failure(self, timing: Timing, reason: str) -> None:
        """Add a failure."""
        self._stats.log_error(METHOD, timing.value, reason[:200])

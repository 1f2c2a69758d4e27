"""Shows times and failures in the table, the charts and the files of Locust.

Both are added in batches: an event for each would cost more than judging.
"""

import time
from collections.abc import Mapping

from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from roomproof.judge.classification import Violation
from roomproof.judge.findings import Kind
from roomproof.load.figures.metrics import Timing
from roomproof.load.worker.request_listeners import METHOD, RequestListeners

SHOWN = frozenset({Timing.CONNECT, Timing.JOIN, Timing.SEND, Timing.DELIVER, Timing.LEAVE})
"""The timings that the table shows: it never names rooms or users."""

SHOWN_AS = {Kind.NEVER_JOINED: Timing.JOIN, Kind.DROPPED: Timing.CONNECT, Kind.UNANSWERED_CLOSE: Timing.LEAVE}
"""The row in which findings of a kind are failures; all others are failures to deliver."""

MAX_REASON = 200
"""Characters of a reason that the table keeps."""


class StatsTable:
    """Adds to the statistics of one Locust process, and tells other listeners."""

    def __init__(self, stats: RequestStats, listeners: RequestListeners) -> None:
        self._stats = stats
        self._listeners = listeners

    def add_times(self, timing: Timing, microseconds: Mapping[int, int]) -> None:
        """Add the times of a timing, if the table shows it."""
        if timing not in SHOWN:
            return
        name = timing.value  # Locust writes the name to files
        batch = self._batch(name)
        batch.num_requests = sum(microseconds.values())
        # Locust declares whole milliseconds, and accepts fractions.
        batch.total_response_time = sum(us * count for us, count in microseconds.items()) / 1_000  # type: ignore[assignment]
        batch.min_response_time, batch.max_response_time = min(microseconds) / 1_000, max(microseconds) / 1_000  # type: ignore[assignment]
        for time_us, count in microseconds.items():
            batch.response_times[bucket_response_time(time_us / 1_000)] += count
        self._add(batch)
        self._listeners.tell_times(name, microseconds)

    def add_findings(self, violation: Violation, findings: int) -> None:
        """Add findings of one kind about one rule as failures."""
        kind, rule = violation
        self.add_failures(SHOWN_AS.get(kind, Timing.DELIVER), f"{kind} ({rule})", findings)

    def add_failures(self, timing: Timing, reason: str, failures: int = 1) -> None:
        """Add failures with one reason: requests that have no time."""
        name, reason = timing.value, reason[:MAX_REASON]
        batch = self._batch(name)
        batch.num_requests = batch.num_none_requests = batch.num_failures = failures
        self._add(batch)
        error = self._stats.errors.setdefault(
            StatsError.create_key(METHOD, name, reason), StatsError(METHOD, name, reason)
        )
        error.occurred()
        error.occurrences += failures - 1
        self._listeners.tell_failures(name, reason, failures)

    def _batch(self, name: str) -> StatsEntry:
        batch = StatsEntry(self._stats, name, METHOD)
        batch.start_time = batch.last_request_timestamp = time.time()
        return batch

    def _add(self, batch: StatsEntry) -> None:
        second = int(batch.start_time)
        batch.num_reqs_per_sec[second] = batch.num_requests
        if batch.num_failures:
            batch.num_fail_per_sec[second] = batch.num_failures
        self._stats.entries[batch.name, METHOD].extend(batch)
        self._stats.total.extend(batch)

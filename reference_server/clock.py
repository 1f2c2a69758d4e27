"""The clock that the server takes its timestamps from."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_TICK = timedelta(microseconds=1)

_CATCH_UP_SPEED = 0.5
"""Speed of the clock while it is ahead of the wall clock."""


def utc_now() -> datetime:
    """Return the time of the wall clock."""
    return datetime.now(UTC)


class Clock:
    """A clock that follows the wall clock forward, and never goes back.

    Time that goes back would reorder a room: a later message had an earlier timestamp (DELIVER-9). Time that stood
    still until the wall clock has caught up would make messages look older than they are (DELIVER-8). After a step
    back the clock therefore runs at half speed until the wall clock has caught up. Answers carry the same time in their
    Date header, so that clients can tell how far this clock is from their own.

    Invariant: each timestamp is later than the one before.
    """

    def __init__(self, wall: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._now = self._last = datetime.min.replace(tzinfo=UTC)
        self._read_at = monotonic()

    def now(self) -> datetime:
        """Return the time, never earlier than before."""
        at = self._monotonic()
        passed = timedelta(seconds=(at - self._read_at) * _CATCH_UP_SPEED)
        self._now, self._read_at = max(self._wall(), self._now + passed), at
        return self._now

    def timestamp(self) -> str:
        """Return the time in UTC, later than all before: ``2025-12-23T22:12:57.198004``."""
        self._last = max(self.now(), self._last + _TICK)
        return self._last.replace(tzinfo=None).isoformat(timespec="microseconds")

    def http_date(self) -> str:
        """Return the time as a Date header has it (RFC 9110, section 5.6.7)."""
        return format_datetime(self.now(), usegmt=True)

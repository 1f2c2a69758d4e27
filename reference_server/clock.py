"""The clock that the server takes its timestamps from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """Return the time of the wall clock."""
    return datetime.now(UTC)


class Clock:
    """A clock that follows the wall clock.

    Invariant: each timestamp is later than the one before, even if the wall clock is set back (DELIVER-9).
    """

    def __init__(self, wall: Callable[[], datetime] = utc_now) -> None:
        self._wall = wall
        self._last = datetime.min.replace(tzinfo=UTC)

    def timestamp(self) -> str:
        """Return the time in UTC, later than all before: ``2025-12-23T22:12:57.198004``."""
        self._last = max(self._wall(), self._last + _TICK)
        return self._last.replace(tzinfo=None).isoformat(timespec="microseconds")

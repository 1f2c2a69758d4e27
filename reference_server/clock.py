"""The time that the server tells."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Follows the wall clock, but never stands still and never goes back, whatever is done to the wall clock
    (DELIVER-9)."""

    def __init__(self, wall: Callable[[], datetime] = utc_now) -> None:
        self._wall = wall
        self._last = datetime.min.replace(tzinfo=UTC)

    def timestamp(self) -> str:
        """Now in UTC, later than any timestamp before, as in ``2025-12-23T22:12:57.198004``."""
        self._last = max(self._wall(), self._last + _TICK)
        return self._last.replace(tzinfo=None).isoformat(timespec="microseconds")

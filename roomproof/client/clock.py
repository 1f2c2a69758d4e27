"""The clock of this process, and how far that of a server is ahead of it."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from roomproof.client.http import Http, UnreachableError
from roomproof.spec.rules import Need

DATE_PRECISION_S = 2
"""Maximum difference in seconds that a Date header shows between two equal clocks."""


class Clock:
    """A clock that nobody can set.

    It starts at the time of the wall clock and advances as the monotonic clock does.
    Both histories of scenarios and load runs take their time from it. A wall clock that is set during a run would make
    all timestamps of the server wrong (DELIVER-8).
    """

    def __init__(
        self, wall: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Start with two clocks that tell nanoseconds."""
        self._monotonic = monotonic
        self.epoch = wall() - monotonic()
        """The nanoseconds since 1970 when the monotonic clock was 0."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return (self.epoch + self._monotonic()) / 1e9


CLOCK = Clock()
"""The clock of this process."""


def server_ahead_ns(http: Http, clock: Clock = CLOCK) -> int:
    """Return the nanoseconds by which the server's clock is ahead of ours.

    The Date header of an answer with statistics tells the server's time.
    Returns 0 below DATE_PRECISION_S, and without a Date header. So does a service that tells no time, and one that has
    no statistics and leaves the request without an answer. Raises UnreachableError and LocalTroubleError.
    """
    if http.lacks(Need.TIMESTAMPS):
        return 0
    before = clock.now()
    try:
        date = http.stats().headers.get("date", "")
    except UnreachableError:
        if http.lacks(Need.STATISTICS):  # a server for WebSockets alone need not answer other requests
            return 0
        raise
    after = clock.now()
    try:
        ahead = parsedate_to_datetime(date).timestamp() + 0.5 - (before + after) / 2
    except ValueError:
        return 0
    return 0 if abs(ahead) < DATE_PRECISION_S else round(ahead * 1e9)

"""The open connections of the process, and how many there may be."""

import logging
import resource
import sys
from typing import Protocol

RESERVED_DESCRIPTORS = 64
"""Number of file descriptors that are kept free for the rest of the process."""

RECOVERED_FRACTION = 0.9
"""Fraction of the limit below which an outage is over."""

_log = logging.getLogger(__name__)


class Abortable(Protocol):
    """A connection."""

    def abort(self) -> None:
        """End the link soon, and drop what is still to be sent."""


class Connections:
    """The open connections, of which the idle ones make room for new ones.

    Invariants:

    - ``_idle`` holds those that serve no request and no WebSocket, the longest idle first.
    - At most ``_limit`` connections are served, those that were just aborted not counted.
    - ``_refused`` counts the refusals of the present outage.
    """

    def __init__(self, limit: int) -> None:
        self._idle: dict[Abortable, None] = {}
        self._limit = limit
        self._open = self._refused = 0

    def admit(self) -> bool:
        """Count a new connection, if need be in the place of the longest idle one.

        Return False, and count nothing, if the limit is reached.
        """
        if self._open >= self._limit:
            if not self._idle:
                self._refuse()
                return False
            longest_idle = next(iter(self._idle))
            del self._idle[longest_idle]
            longest_idle.abort()
        self._open += 1
        return True

    def set_idle(self, connection: Abortable, is_idle: bool) -> None:
        """Note that a connection became idle, or busy."""
        if is_idle:
            self._idle[connection] = None
        else:
            self._idle.pop(connection, None)

    def remove(self, connection: Abortable) -> None:
        """Forget a connection that was admitted and has ended."""
        self._idle.pop(connection, None)
        self._open -= 1
        if self._refused and self._open < RECOVERED_FRACTION * self._limit:
            _log.warning("connections are accepted again; %d were refused", self._refused)
            self._refused = 0

    def _refuse(self) -> None:
        if not self._refused:
            _log.warning("connections are refused: %d are open, the limit of open files (ulimit -n)", self._open)
        self._refused += 1


def connection_limit() -> int:
    """Return how many connections the limit of open files allows."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else max(1, limit - RESERVED_DESCRIPTORS)

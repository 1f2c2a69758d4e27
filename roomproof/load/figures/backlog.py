"""Deliveries that are due and have not arrived so far. Pure."""

from collections.abc import Iterable

import msgspec

SHOWN_USERS = 3
"""Users that a text names."""


class Backlog(msgspec.Struct, frozen=True):
    """Deliveries that are due and have not arrived so far, in one worker or all."""

    outstanding: int = 0
    overdue: int = 0
    """Those that have been due for longer than the deadline."""
    longest_s: float = 0.0
    """Seconds for which the oldest of these has been due, at least."""
    users: list[str] = []
    """Some of the users that they are due to."""


def sum_of(backlogs: Iterable[Backlog]) -> Backlog:
    """Return the sum of the backlogs of all workers."""
    each = list(backlogs)
    return Backlog(
        sum(one.outstanding for one in each),
        sum(one.overdue for one in each),
        max((one.longest_s for one in each), default=0.0),
        [user for one in each for user in one.users][:SHOWN_USERS],
    )


def overdue_text(backlog: Backlog) -> str:
    """Return a clause about what is overdue; empty if nothing is."""
    if not backlog.overdue:
        return ""
    deliveries = "1 delivery is" if backlog.overdue == 1 else f"{backlog.overdue} deliveries are"
    return f"{deliveries} overdue, the oldest for {backlog.longest_s:.0f} s, for example to {', '.join(backlog.users)}"

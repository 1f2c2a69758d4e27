"""Tells links that a server ended for no reason from links that it took for dead."""

from collections.abc import Sequence

from roomproof.history import Closed, Event
from roomproof.judge.findings import Finding, Kind
from roomproof.spec.limits import UNDECLARED_HEARTBEAT_S

PINGS = 3
"""Number of pings in a heartbeat, as servers usually send them.

A client that misses them for a third of the heartbeat can look silent for all of it."""


def why_disturbed(
    findings: Sequence[Finding], events: Sequence[Event], heartbeat: float | None, pause: float
) -> str | None:
    """Return why nobody can tell whether a server ended a link for no reason.

    Returns None if no link ended so, or if this process was always there.
    `heartbeat` is the declared one in seconds, if any. `pause` is how long this process stood still, in seconds. A
    server may end the link of a client that answers no ping for the heartbeat (CLOSE-1).
    """
    seconds = UNDECLARED_HEARTBEAT_S if heartbeat is None else heartbeat
    cut = {one.connection for one in events if isinstance(one, Closed) and one.code is None}
    if pause < seconds / PINGS or not any(one.kind is Kind.DROPPED and one.receiver in cut for one in findings):
        return None
    return (
        f"the server ended a link, but this process had stood still for {pause:.1f} s before, and the heartbeat is "
        f"{seconds:g} s; test from a machine with less to do, or with fewer workers (-n)"
    )

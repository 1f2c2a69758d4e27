"""Checks of timestamps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from roomproof.judge.facts import NS_PER_S, TICK_NS, is_far_away
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.connection import Receipt, RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces, first_copies
from roomproof.spec import messages
from roomproof.spec.limits import CLOCK_SKEW_S
from roomproof.spec.rules import Capability


def wrong_time(run: SortedHistory, traces: Traces) -> Iterator[Finding]:
    """Timestamps far from the time of receipt (DELIVER-8); those that run backwards or stand still (DELIVER-9)."""
    replays = run.declares(Capability.HISTORY)
    for receiver in run.connections.values():
        may_be_old = receiver.has_paused or replays
        for receipt in receiver.receipts:
            yield from _far_away(run, receiver, receipt, may_be_old=may_be_old)
        for stream in run.connections.values():
            yield from _backwards(stream, receiver, traces)


def _far_away(
    run: SortedHistory, receiver: RecordedConnection, receipt: Receipt, *, may_be_old: bool
) -> Iterator[Finding]:
    frame = receipt.frame
    if not isinstance(frame, messages.Message | messages.Notice | messages.Pong):
        return
    moment = messages.parse_timestamp(frame.timestamp)
    if moment is not None and is_far_away(run.started, moment, receipt.at, may_be_old=may_be_old):
        text = f"the timestamp {frame.timestamp!r} is more than {CLOCK_SKEW_S} s away from the time of receipt"
        yield Finding(Kind.WRONG_TIME, "DELIVER-8", receiver.number, text, witness=(receipt.event,))


def _backwards(stream: RecordedConnection, receiver: RecordedConnection, traces: Traces) -> Iterator[Finding]:
    items = sorted(first_copies(traces.of(stream, receiver)), key=lambda one: one.item)
    still_since = None
    for earlier, later in pairwise(items):
        before, after = _timestamp(earlier), _timestamp(later)
        still_since = still_since or earlier
        if after > before:
            still_since = None
            continue
        is_certain = later.item != stream.leave or stream.certainly_closed_first
        said = stream.said_at(later.item) if is_certain else None
        if after < before:
            culprit, what, still_since = earlier, "before", None
        elif said is not None and said - still_since.at >= TICK_NS:
            # Received so long before the later one was said: the server cannot have dealt with both at one time.
            culprit, what = still_since, f"as if {(said - still_since.at) / NS_PER_S:.0f} s had not passed since"
        else:
            continue
        text = f"item {later.item} of {stream.user!r} is stamped {what} item {culprit.item}"
        witness = (culprit.receipt.event, later.receipt.event)
        yield Finding(Kind.WRONG_TIME, "DELIVER-9", receiver.number, text, stream.number, later.item, witness=witness)


def _timestamp(heard: Trace) -> datetime:
    frame = heard.receipt.frame
    moment = (
        messages.parse_timestamp(frame.timestamp) if isinstance(frame, messages.Message | messages.Notice) else None
    )
    return moment or datetime.min.replace(tzinfo=UTC)

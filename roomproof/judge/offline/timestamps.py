"""Checks of timestamps: far from the receipt, running backwards, standing still."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from roomproof.judge import texts
from roomproof.judge.classification import part_of
from roomproof.judge.facts import NS_PER_S, TICK_NS, ahead_of_receipt, is_far_away, time_of_receipt
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.connection import Receipt, RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces, first_copies
from roomproof.spec import messages
from roomproof.spec.rules import Capability

CLOCK = "%H:%M:%S.%fZ"
"""The form of a time of day in a finding."""


def wrong_time(history: SortedHistory, traces: Traces) -> Iterator[Finding]:
    """Timestamps that are far away (DELIVER-8), run back or stand still (DELIVER-9)."""
    repeats = history.declares(Capability.HISTORY)
    for receiver in history.connections.values():
        may_be_old = receiver.has_paused or repeats
        for receipt in receiver.receipts:
            yield from _far_away(history, receiver, receipt, may_be_old=may_be_old)
        for sender in history.connections.values():
            yield from _without_progress(sender, receiver, traces)


def _far_away(
    history: SortedHistory, receiver: RecordedConnection, receipt: Receipt, *, may_be_old: bool
) -> Iterator[Finding]:
    frame = receipt.frame
    if not isinstance(frame, messages.Message | messages.Notice | messages.Pong):
        return
    moment = messages.parse_timestamp(frame.timestamp)
    if moment is not None and is_far_away(history.started, moment, receipt.at, may_be_old=may_be_old):
        text = texts.far_away(frame.timestamp)
        detail = texts.time_difference(
            frame.timestamp,
            ahead_of_receipt(history.started, moment, receipt.at),
            time_of_receipt(history.started, receipt.at),
        )
        yield Finding(Kind.WRONG_TIME, "DELIVER-8", receiver.number, text, witness=(receipt.event,), detail=detail)


def _without_progress(sender: RecordedConnection, receiver: RecordedConnection, traces: Traces) -> Iterator[Finding]:
    """Items whose timestamps do not follow those of the items before them."""
    items = sorted(first_copies(traces.of(sender, receiver)), key=lambda trace: trace.item)
    still_since: Trace | None = None
    for earlier, later in pairwise(items):
        before, after = _timestamp(earlier), _timestamp(later)
        still_since = still_since or earlier
        if after > before:
            still_since = None
        elif after < before:
            still_since = None
            yield _backward(sender, receiver, earlier, later)
        else:
            yield from _standing_still(sender, receiver, still_since, later)


def _backward(sender: RecordedConnection, receiver: RecordedConnection, earlier: Trace, later: Trace) -> Finding:
    text = texts.backward(part_of(later.item, sender.leave), later.item, sender.user)
    back = texts.how_long_exactly((_timestamp(earlier) - _timestamp(later)).total_seconds())
    detail = f"{_timestamp(later):{CLOCK}} is {back} before {_timestamp(earlier):{CLOCK}}, that of item {earlier.item}"
    return _finding(sender, receiver, earlier, later, text, detail)


def _standing_still(
    sender: RecordedConnection, receiver: RecordedConnection, earlier: Trace, later: Trace
) -> Iterator[Finding]:
    """A later item with the timestamp of one that was received long before.

    The server cannot have dealt with both at one time.
    """
    sent = sender.certainly_left_at if later.item == sender.leave else sender.sent_at(later.item)
    if sent is None or sent - earlier.at < TICK_NS:
        return
    text = texts.standing_still(part_of(later.item, sender.leave), later.item, sender.user)
    detail = f"{(sent - earlier.at) / NS_PER_S:.0f} s had passed since item {earlier.item}"
    yield _finding(sender, receiver, earlier, later, text, detail)


def _finding(
    sender: RecordedConnection, receiver: RecordedConnection, earlier: Trace, later: Trace, text: str, detail: str
) -> Finding:
    witness = (earlier.receipt.event, later.receipt.event)
    return Finding(
        Kind.WRONG_TIME,
        "DELIVER-9",
        receiver.number,
        text,
        sender.number,
        later.item,
        witness=witness,
        detail=detail,
    )


def _timestamp(trace: Trace) -> datetime:
    frame = trace.receipt.frame
    moment = (
        messages.parse_timestamp(frame.timestamp) if isinstance(frame, messages.Message | messages.Notice) else None
    )
    return moment or datetime.min.replace(tzinfo=UTC)

"""Checks of what streams became on their way: lost, replayed, duplicated, reordered, leaked."""

from collections.abc import Iterator

from roomproof.history import Event
from roomproof.judge import classification
from roomproof.judge.classification import Part, Violation
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.expected import ExpectedItems, ExpectedStream, excused
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.rules import Capability


def lost(due: ExpectedStream, run: SortedHistory) -> Iterator[Finding]:
    """Items that the receiver was due and never got. A missing notice is a finding of its own kind."""
    got = {one.item for one in due.heard}
    missing = [item for item in due.items if item not in got and not excused(due, item, run.faults)]
    for item in missing:
        circumstances = classification.MissingItem(
            own=due.stream is due.receiver,
            died=due.stream.died,
            last_words=due.stream.closed_cleanly
            and bool(got)
            and not any(item < one < due.stream.leave for one in got),
        )
        fault = classification.missing(due.part(item), circumstances)
        hole = any(later > item for later in got)
        yield _finding(fault, due, item, f"{due.name(item)} is due and did not arrive", hole=hole)


def replayed(due: ExpectedStream, run: SortedHistory) -> Iterator[Finding]:
    """Items that everyone there had been given before the receiver began to connect."""
    for one in due.firsts:
        if _is_replayed(due, run, one.item):
            text = f"{due.name(one.item)}, and item {due.floor} had been received before the receiver began to connect"
            yield _finding((Kind.REPLAYED, "DELIVER-10"), due, one.item, text, one.receipt.event)


def _is_replayed(due: ExpectedStream, run: SortedHistory, item: int) -> bool:
    """Whether nobody may be told an item any more but, with `history`, if it is a message."""
    return item < due.floor and not (run.declares(Capability.HISTORY) and due.part(item) is Part.MESSAGE)


def duplicated(due: ExpectedStream) -> Iterator[Finding]:
    """Second copies. A doubled notice is a finding of its own kind."""
    got: set[int] = set()
    for one in due.heard:
        if one.item in got:
            fault = classification.again(due.part(one.item))
            yield _finding(fault, due, one.item, f"{due.name(one.item)} again", one.receipt.event)
        got.add(one.item)


def reordered(due: ExpectedStream, run: SortedHistory) -> Iterator[Finding]:
    """First copies that came after a later item of their stream; misplaced, where that later item is the leave.

    What is replayed is late by its nature, and no second finding.
    """
    highest = -1
    for one in due.firsts:
        if one.item < highest and not _is_replayed(due, run, one.item):
            fault = classification.late(due.part(one.item), after_leave=highest == due.stream.leave)
            text = f"{due.name(one.item)} after its item {highest}"
            yield _finding(fault, due, one.item, text, one.receipt.event)
        highest = max(highest, one.item)


def leaked(run: SortedHistory, traces: Traces, expected: ExpectedItems) -> Iterator[Finding]:
    """Items that crossed between the instances of a sticky topology. (Other leaks show where frames are traced.)"""
    for receiver, heard in traces.heard.items():
        for one in heard:
            if not expected.in_audience(one.stream, run.connections[receiver]):
                text = "it was said on another instance, and the topology is declared sticky"
                witness = (one.receipt.event,)
                yield Finding(Kind.LEAKED, "STICKY-4", receiver, text, one.stream, one.item, witness=witness)


def _finding(
    fault: Violation, due: ExpectedStream, item: int, text: str, *events: Event, hole: bool = False
) -> Finding:
    kind, rule = fault
    said = due.stream.said[item - 1].sent if 0 < item < due.stream.leave else due.stream.opening
    return Finding(kind, rule, due.receiver.number, text, due.stream.number, item, hole=hole, witness=(said, *events))

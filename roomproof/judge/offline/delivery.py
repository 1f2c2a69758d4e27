"""Checks of delivery: items lost, replayed, duplicated, reordered or leaked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roomproof.history import Event
from roomproof.judge import classification, facts, texts
from roomproof.judge.classification import Loss, Part, Violation
from roomproof.judge.findings import Finding
from roomproof.judge.offline.expected import ExpectedItems, ExpectedStream, is_excused
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.rules import Capability


@dataclass(frozen=True, slots=True)
class _Missing:
    """An item that a receiver was due and never received."""

    due: ExpectedStream
    item: int
    is_hole: bool
    """Whether the receiver received a later item of the sender."""
    is_overtaken: bool
    """Whether it received a later message, and not only the leave notice."""

    @property
    def key(self) -> tuple[int, int]:
        return self.due.sender.number, self.item


def lost(dues: Iterable[ExpectedStream], expected: ExpectedItems) -> Iterator[Finding]:
    """Items that receivers were due and never received.

    A missing notice is a finding of its own kind. The rule is the same at all receivers that lack an item.
    """
    history = expected.history
    missing = [one for due in dues for one in _missing(due, history)]
    elsewhere = {one.key for one in missing if one.due.receiver is not one.due.sender}
    near = {one.key for one in missing if not _crosses(one.due, history)}
    overtaken = {one.key for one in missing if one.is_overtaken}
    for one in missing:
        sender = one.due.sender
        loss = Loss(
            is_own_only=one.key not in elsewhere,
            is_crossing=one.key not in near,
            is_overtaken=one.key in overtaken,
            is_last=one.item > expected.highest_message(sender),
        )
        violation = classification.missing(one.due.part(one.item), sender, loss)
        yield _finding(violation, one.due, one.item, hole=one.is_hole)


def _missing(due: ExpectedStream, history: SortedHistory) -> Iterator[_Missing]:
    got = {trace.item for trace in due.received}
    highest = max(got, default=-1)
    highest_message = max((item for item in got if item < due.sender.leave), default=-1)
    for item in due.items:
        if item not in got and not is_excused(due, item, history.faults):
            yield _Missing(due, item, is_hole=item < highest, is_overtaken=item < highest_message)


def _crosses(due: ExpectedStream, history: SortedHistory) -> bool:
    pubsub = history.declares(Capability.PUBSUB)
    return facts.crosses(due.sender.instance, due.receiver.instance, pubsub=pubsub)


def replayed(due: ExpectedStream, history: SortedHistory) -> Iterator[Finding]:
    """Items below the floor of the receiver.

    A later one had arrived on its instance before the receiver began to connect.
    """
    for trace in due.firsts:
        if _is_replayed(due, history, trace.item):
            detail = f"item {due.floor} had arrived there before"
            yield _finding(classification.REPLAYED_ITEM, due, trace.item, trace.receipt.event, detail=detail)


def _is_replayed(due: ExpectedStream, history: SortedHistory, item: int) -> bool:
    may_be_repeated = history.declares(Capability.HISTORY) and due.part(item) is Part.MESSAGE
    return facts.is_replayed(item, due.floor, may_be_repeated=may_be_repeated)


def duplicated(due: ExpectedStream) -> Iterator[Finding]:
    """Second copies. A doubled notice is a finding of its own kind."""
    got: set[int] = set()
    for trace in due.received:
        if trace.item in got:
            violation = classification.again(due.part(trace.item))
            yield _finding(violation, due, trace.item, trace.receipt.event)
        got.add(trace.item)


def reordered(due: ExpectedStream, history: SortedHistory) -> Iterator[Finding]:
    """First copies that arrived after a later item of their stream.

    They are misplaced, if the later item is the leave notice. A replayed item is late by its nature, which is no second
    finding.
    """
    highest = -1
    for trace in due.firsts:
        if trace.item < highest and not _is_replayed(due, history, trace.item):
            violation = classification.out_of_order(due.part(trace.item), after_leave=highest == due.sender.leave)
            detail = f"item {highest} had arrived before"
            yield _finding(violation, due, trace.item, trace.receipt.event, detail=detail)
        highest = max(highest, trace.item)


def leaked(history: SortedHistory, traces: Traces, expected: ExpectedItems) -> Iterator[Finding]:
    """Items that crossed between the instances of a sticky topology.

    Tracing finds other leaks.
    """
    kind, rule = classification.LEAKED_ITEM
    for receiver, received in traces.received.items():
        for trace in received:
            if not expected.in_audience(trace.sender, history.connections[receiver]):
                sender = history.connections[trace.sender]
                part = classification.part_of(trace.item, sender.leave)
                text = texts.item_finding(kind, part, trace.item, sender.user)
                witness = (trace.receipt.event,)
                yield Finding(kind, rule, receiver, text, sender.number, trace.item, witness=witness)


def _finding(
    violation: Violation, due: ExpectedStream, item: int, *events: Event, hole: bool = False, detail: str = ""
) -> Finding:
    kind, rule = violation
    sender = due.sender
    text = texts.item_finding(kind, due.part(item), item, sender.user)
    sent = sender.sent[item - 1].event if 0 < item < sender.leave else sender.opening
    return Finding(
        kind, rule, due.receiver.number, text, sender.number, item, hole=hole, witness=(sent, *events), detail=detail
    )

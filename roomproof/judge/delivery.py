"""Checks of what streams became on their way: lost, replayed, duplicated, reordered, leaked, disordered."""

from collections.abc import Iterator
from itertools import pairwise

from roomproof.history import Event
from roomproof.judge.due import Due, Dues, excused
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.hearing import Hearing
from roomproof.judge.run import Run
from roomproof.protocol import Capability


def lost(due: Due, run: Run) -> Iterator[Finding]:
    """Items that the receiver was due and never got. A missing notice is a finding of its own kind."""
    got = {one.item for one in due.heard}
    missing = [item for item in due.items if item not in got and not excused(due, item, run.faults)]
    for item in missing:
        hole = any(later > item for later in got)
        match item:
            case due.stream.join:
                kind, rule, what = Kind.MISSING_NOTICE, "JOIN-1", f"{due.stream.user!r} joined"
            case due.stream.leave:
                rule = "LEAVE-1" if due.stream.closing else "LEAVE-2"
                kind, what = Kind.MISSING_NOTICE, f"{due.stream.user!r} left"
            case _:
                kind, rule, what = Kind.LOST, _rule_of_lost(due, item), f"message {item} of {due.stream.user!r}"
        yield _finding(kind, rule, due, item, f"{what} is due and did not arrive", hole=hole)


def _rule_of_lost(due: Due, item: int) -> str:
    if due.stream is due.receiver:
        return "DELIVER-2"
    if due.stream.dying is not None:
        return "DELIVER-12"
    tail = all(one.item < item or one.item == due.stream.leave for one in due.heard)
    return "DELIVER-11" if due.stream.closed_cleanly and tail and len(due.heard) > 1 else "DELIVER-1"


def replayed(due: Due, run: Run) -> Iterator[Finding]:
    """Items that everyone there had been given before the receiver began to connect."""
    if run.declares(Capability.HISTORY):
        return
    for one in due.heard:
        if one.item < due.floor:
            text = f"item {one.item} of {due.stream.user!r}, of which {due.floor} had been received before"
            yield _finding(Kind.REPLAYED, "DELIVER-10", due, one.item, text, one.receipt.event)


def duplicated(due: Due) -> Iterator[Finding]:
    """Second copies. A doubled notice is a finding of its own kind."""
    got: set[int] = set()
    for one in due.heard:
        if one.item in got:
            if one.item in (due.stream.join, due.stream.leave):
                rule = "JOIN-1" if one.item == due.stream.join else "LEAVE-1"
                kind, text = Kind.DOUBLED_NOTICE, f"the same notice of {due.stream.user!r} again"
            else:
                kind, rule = Kind.DUPLICATED, "DELIVER-3"
                text = f"message {one.item} of {due.stream.user!r} again"
            yield _finding(kind, rule, due, one.item, text, one.receipt.event)
        got.add(one.item)


def reordered(due: Due) -> Iterator[Finding]:
    """First copies that came after a later item of their stream; misplaced, where that later item is the leave."""
    got: set[int] = set()
    for one in due.heard:
        if one.item in got:
            continue
        if due.stream.leave in got:
            text = f"item {one.item} of {due.stream.user!r} after its leave notice"
            yield _finding(Kind.MISPLACED, "LEAVE-3", due, one.item, text, one.receipt.event)
        elif got and one.item < max(got):
            rule = "JOIN-4" if one.item == due.stream.join else "ORDER-1"
            text = f"item {one.item} of {due.stream.user!r} after its item {max(got)}"
            yield _finding(Kind.REORDERED, rule, due, one.item, text, one.receipt.event)
        got.add(one.item)


def leaked(run: Run, hearing: Hearing, dues: Dues) -> Iterator[Finding]:
    """Items that crossed between the instances of a sticky topology. (Other leaks show where frames are traced.)"""
    for receiver, heard in hearing.heard.items():
        for one in heard:
            if not dues.in_audience(one.stream, run.connections[receiver]):
                text = "it was said on another instance, and the topology is declared sticky"
                yield Finding(
                    Kind.LEAKED, "STICKY-4", receiver, text, one.stream, one.item, witness=(one.receipt.event,)
                )


def disordered(run: Run, hearing: Hearing) -> Iterator[Finding]:
    """Receivers whose orders of the room's items contradict each other, though one order is declared (ORDER-2)."""
    if not run.declares(Capability.TOTAL_ORDER):
        return
    for room in {one.room for one in run.connections.values()}:
        followers: dict[tuple[int, int], set[tuple[int, int]]] = {}
        for receiver in run.in_room(room):
            items = dict.fromkeys((one.stream, one.item) for one in hearing.heard[receiver.number])
            for before, after in pairwise(items):
                followers.setdefault(before, set()).add(after)
        cycle = _cycle(followers)
        if cycle:
            names = ", ".join(f"item {item} of {run.connections[stream].user!r}" for stream, item in cycle)
            text = f"no common order of the room explains what its members received: {names}"
            yield Finding(Kind.REORDERED, "ORDER-2", cycle[0][0], text)


def _cycle(followers: dict[tuple[int, int], set[tuple[int, int]]]) -> list[tuple[int, int]]:
    """The nodes of the graph that lie on cycles or between them; empty where there is an order of all of them."""
    waiting: dict[tuple[int, int], int] = {}
    for after in followers.values():
        for node in after:
            waiting[node] = waiting.get(node, 0) + 1
    free = [node for node in followers if node not in waiting]
    while free:
        for node in followers.pop(free.pop(), set()):
            waiting[node] -= 1
            if waiting[node] == 0:
                free.append(node)
    return sorted(followers)


def _finding(kind: Kind, rule: str, due: Due, item: int, text: str, *events: Event, hole: bool = False) -> Finding:
    said = due.stream.said[item - 1].sent if 0 < item < due.stream.leave else due.stream.opening
    return Finding(kind, rule, due.receiver.number, text, due.stream.number, item, hole=hole, witness=(said, *events))

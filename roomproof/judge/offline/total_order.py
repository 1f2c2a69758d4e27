"""The check of total order: whether one order of the room explains what all its members received (ORDER-2)."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.rules import Capability

Node = tuple[int, int]
"""A stream and an item of it."""

Graph = dict[Node, set[Node]]
"""What came right after each item, somewhere."""


def disordered(run: SortedHistory, traces: Traces) -> Iterator[Finding]:
    """The first receiver of each room whose order contradicts those before it, if one order is declared."""
    if not run.declares(Capability.TOTAL_ORDER):
        return
    for room in {one.room for one in run.connections.values()}:
        orders = {
            one.number: [*dict.fromkeys((heard.stream, heard.item) for heard in traces.heard[one.number])]
            for one in run.in_room(room)
        }
        if not _cycle(orders.values()):
            continue
        receivers = list(orders)
        culprit = next(
            number for index, number in enumerate(receivers) if _cycle(orders[one] for one in receivers[: index + 1])
        )
        cycle = _cycle(orders[one] for one in receivers[: receivers.index(culprit) + 1])
        names = ", ".join(f"item {item} of {run.connections[stream].user!r}" for stream, item in cycle)
        events = (heard.receipt.event for heard in traces.heard[culprit] if (heard.stream, heard.item) in cycle)
        text = f"no common order of the room explains what its members received: {names}"
        yield Finding(Kind.REORDERED, "ORDER-2", culprit, text, witness=tuple(events))


def _cycle(orders: Iterable[list[Node]]) -> list[Node]:
    """Items each of which somebody received right before the next, and the last before the first; empty if none."""
    followers: Graph = {}
    for order in orders:
        for before, after in pairwise(order):
            followers.setdefault(before, set()).add(after)
    knotted = _without_first_ones(followers)
    if not knotted:
        return []
    leaders: Graph = {}
    for before, afters in knotted.items():
        for after in afters:
            leaders.setdefault(after, set()).add(before)
    path = [min(knotted)]
    while path[-1] not in path[:-1]:
        path.append(min(leaders[path[-1]]))
    return path[path.index(path[-1]) + 1 :][::-1]


def _without_first_ones(followers: Graph) -> Graph:
    """The graph without the items that lie on no cycle and behind none: each that is left has another before it."""
    followers = dict(followers)
    waiting: dict[Node, int] = {}
    for afters in followers.values():
        for node in afters:
            waiting[node] = waiting.get(node, 0) + 1
    free = [node for node in followers if node not in waiting]
    while free:
        for node in followers.pop(free.pop(), set()):
            waiting[node] -= 1
            if waiting[node] == 0:
                free.append(node)
    return followers

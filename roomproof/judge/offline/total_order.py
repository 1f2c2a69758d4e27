"""The check of total order: one order has to explain all receipts (ORDER-2)."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from roomproof.judge import texts
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.rules import Capability

Node = tuple[int, int]
"""A sender's number and the number of an item."""

Graph = dict[Node, set[Node]]
"""By item: the items that some member received right after it."""


def disordered(history: SortedHistory, traces: Traces) -> Iterator[Finding]:
    """The first receiver of each room whose order contradicts those before it.

    Only if the target declares a total order.
    """
    if not history.declares(Capability.TOTAL_ORDER):
        return
    for room in {one.room for one in history.connections.values()}:
        orders = {
            one.number: [*dict.fromkeys((trace.sender, trace.item) for trace in traces.received[one.number])]
            for one in history.in_room(room)
        }
        if not _cycle(orders.values()):
            continue
        receivers = list(orders)
        culprit = next(
            number for index, number in enumerate(receivers) if _cycle(orders[one] for one in receivers[: index + 1])
        )
        cycle = _cycle(orders[one] for one in receivers[: receivers.index(culprit) + 1])
        events = (trace.receipt.event for trace in traces.received[culprit] if (trace.sender, trace.item) in cycle)
        text = texts.no_common_order([(item, history.connections[sender].user) for sender, item in cycle])
        yield Finding(Kind.REORDERED, "ORDER-2", culprit, text, witness=tuple(events))


def _cycle(orders: Iterable[list[Node]]) -> list[Node]:
    """Return a cycle of items; empty if there is none.

    Somebody received each right before the next, and the last right before the first.
    """
    followers: Graph = {}
    for order in orders:
        for before, after in pairwise(order):
            followers.setdefault(before, set()).add(after)
    rest = _with_predecessors(followers)
    if not rest:
        return []
    leaders: Graph = {}
    for before, afters in rest.items():
        for after in afters:
            leaders.setdefault(after, set()).add(before)
    path = [min(rest)]
    while path[-1] not in path[:-1]:
        path.append(min(leaders[path[-1]]))
    return path[path.index(path[-1]) + 1 :][::-1]


def _with_predecessors(followers: Graph) -> Graph:
    """Return the graph without items that lie before every cycle.

    Repeatedly removes the items without a predecessor."""
    followers = dict(followers)
    predecessors: dict[Node, int] = {}
    for afters in followers.values():
        for node in afters:
            predecessors[node] = predecessors.get(node, 0) + 1
    first = [node for node in followers if node not in predecessors]
    while first:
        for node in followers.pop(first.pop(), set()):
            predecessors[node] -= 1
            if predecessors[node] == 0:
                first.append(node)
    return followers

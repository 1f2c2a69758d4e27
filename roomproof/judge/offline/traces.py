"""What the receivers of a run heard: which item of whose stream each frame was."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from roomproof.judge.findings import Finding
from roomproof.judge.offline.connection import Receipt, RecordedConnection
from roomproof.spec import messages


@dataclass(frozen=True, slots=True)
class Trace:
    """One item that reached one receiver: whose stream, which item, by which frame."""

    stream: int
    item: int
    receipt: Receipt

    @property
    def at(self) -> int:
        """When it had been received."""
        return self.receipt.at


def first_copies(heard: Iterable[Trace]) -> Iterable[Trace]:
    """What was heard of one stream, without second copies, in the order received."""
    firsts: dict[int, Trace] = {}
    for one in heard:
        firsts.setdefault(one.item, one)
    return firsts.values()


@dataclass(slots=True)
class Traces:
    """All that the receivers of a run heard.

    `heard[receiver]` is in the order received. `notices` holds, per (receiver, user, kind), those that cannot be told
    apart because the user was in the room with several connections.
    """

    heard: dict[int, list[Trace]] = field(default_factory=dict)
    notices: dict[tuple[int, str, messages.NoticeKind], list[Receipt]] = field(
        default_factory=lambda: defaultdict(list)
    )
    findings: list[Finding] = field(default_factory=list)
    _by_pair: dict[tuple[int, int], list[Trace]] = field(default_factory=dict)

    def add(self, receiver: RecordedConnection, heard: list[Trace]) -> None:
        """Take down all that a receiver heard."""
        self.heard[receiver.number] = heard
        for one in heard:
            self._by_pair.setdefault((receiver.number, one.stream), []).append(one)

    def of(self, stream: RecordedConnection, receiver: RecordedConnection) -> Sequence[Trace]:
        """What a receiver heard of one stream, in the order received."""
        return self._by_pair.get((receiver.number, stream.number), ())

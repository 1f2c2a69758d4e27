"""Traces: which item of whose stream each received frame was."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from roomproof.judge.classification import Violation
from roomproof.judge.findings import Finding
from roomproof.judge.offline.connection import Receipt, RecordedConnection, SentMessage
from roomproof.spec import messages


@dataclass(frozen=True, slots=True)
class Trace:
    """An item that reached a receiver: its sender's number, its own, and the frame."""

    sender: int
    item: int
    receipt: Receipt

    @property
    def at(self) -> int:
        """Time after it was received."""
        return self.receipt.at


def first_copies(traces: Iterable[Trace]) -> Iterable[Trace]:
    """The traces of one stream without second copies, in the order received."""
    firsts: dict[int, Trace] = {}
    for trace in traces:
        firsts.setdefault(trace.item, trace)
    return firsts.values()


@dataclass(slots=True)
class Traces:
    """All received items of a history, and the findings about all other frames.

    `received[receiver]` is in the order received. `notices` holds, by (receiver, user, kind), the notices that could
    belong to any of several connections of one user.
    """

    received: dict[int, list[Trace]] = field(default_factory=dict)
    notices: dict[tuple[int, str, messages.NoticeKind], list[Receipt]] = field(
        default_factory=lambda: defaultdict(list)
    )
    findings: list[Finding] = field(default_factory=list)
    _by_pair: dict[tuple[int, int], list[Trace]] = field(default_factory=dict)

    def add(self, receiver: RecordedConnection, traces: list[Trace]) -> None:
        """Add everything that one receiver received."""
        self.received[receiver.number] = traces
        for trace in traces:
            self._by_pair.setdefault((receiver.number, trace.sender), []).append(trace)

    def of(self, sender: RecordedConnection, receiver: RecordedConnection) -> Sequence[Trace]:
        """The items of a sender that a receiver received, in the order received."""
        return self._by_pair.get((receiver.number, sender.number), ())

    def report(
        self,
        violation: Violation,
        receiver: RecordedConnection,
        receipt: Receipt,
        text: str,
        sender: RecordedConnection | None = None,
        message: SentMessage | None = None,
        detail: str = "",
    ) -> None:
        """Add a finding about a received frame.

        `message`: the message that it was, if that is known.
        """
        kind, rule = violation
        stream = sender.number if sender else None
        item = message.number if message else None
        witness = (message.event, receipt.event) if message else (receipt.event,)
        self.findings.append(Finding(kind, rule, receiver.number, text, stream, item, witness=witness, detail=detail))

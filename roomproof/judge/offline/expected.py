"""The items of a stream that a receiver must, may and must not receive.

docs/oracle.md explains the definition. For the stream of a sender, and a receiver of its audience (the members of the
same room; in a sticky topology on the same instance):

- evidence: the earlier of the receiver's first room frame and anyone's receipt of the receiver's own join notice;
- floor: the highest item that anyone on the receiver's instance had received before the receiver began to open;
- start: the lowest item at or above the floor that the receiver received, or the first item sent after the evidence,
  whichever is lower (in the receiver's own stream: its first message);
- end: the sender's last message if it stayed or closed cleanly, otherwise the highest message that anyone received;
  then the leave notice if the sender ended. For a receiver that did not stay until the deadline: the last item that it
  received.

With the capability `history`, messages sent before the evidence might arrive because the receiver has joined: they are
no evidence and no start.

The items from start to end are due, in order, once. Items below the floor must not arrive. All others may.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from roomproof.history import FaultWindow
from roomproof.judge import facts
from roomproof.judge.classification import JOIN_NOTICE, Part, part_of
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces, first_copies
from roomproof.spec.rules import Capability, Need


@dataclass(frozen=True, slots=True)
class ExpectedStream:
    """One stream as one receiver is due it: `items`, and nothing below `floor`."""

    sender: RecordedConnection
    receiver: RecordedConnection
    received: tuple[Trace, ...]
    floor: int
    items: tuple[int, ...]

    def part(self, item: int) -> Part:
        """The part that an item is in the stream."""
        return part_of(item, self.sender.leave)

    @property
    def firsts(self) -> Iterable[Trace]:
        """The received items of the stream, without second copies."""
        return first_copies(self.received)


class ExpectedItems:
    """Computes for each sender and receiver of a history which items are due.

    What many pairs need is computed once: the evidence of each receiver, and the receipts of each stream by time.
    """

    def __init__(self, history: SortedHistory, traces: Traces) -> None:
        self.history = history
        self.traces = traces
        self._connections_of_user = Counter(
            (one.room, one.user) for one in history.connections.values() if one.maybe_admitted
        )
        """Number of connections that a user might have had in a room, by room and user."""
        self._receipts: dict[int, list[tuple[int, Trace]]] = defaultdict(list)
        """By sender: the numbers of all receivers of its items, and what they received, by time."""
        for receiver, received in traces.received.items():
            for trace in received:
                self._receipts[trace.sender].append((receiver, trace))
        for receipts in self._receipts.values():
            receipts.sort(key=lambda pair: pair[1].at)
        self._reached: dict[tuple[int, str | None], _Reached] = {}
        self.evidence = {one.number: self._evidence(one) for one in history.connections.values()}
        """By receiver: the time at which it was first shown to be a member; None if it never was."""
        self._highest = {one.number: self._highest_message(one) for one in history.connections.values()}
        """By sender: the highest message that anyone received; 0 for none."""
        self._last_due = {one.number: self._last_due_message(one) for one in history.connections.values()}
        """By sender: the last message that is due to those who stay."""

    def _evidence(self, receiver: RecordedConnection) -> int | None:
        own_joins = (
            trace.at
            for _, trace in self._receipts[receiver.number]
            if trace.item == JOIN_NOTICE and self.has_own_notices(receiver)
        )
        history = self.history.declares(Capability.HISTORY)
        room_frames = (
            trace.at
            for trace in self.traces.received[receiver.number]
            if facts.is_evidence(is_own=trace.sender == receiver.number, history=history)
            and self.in_audience(trace.sender, receiver)
        )
        # Both are in the order received.
        firsts = (next(own_joins, None), next(room_frames, None))
        return min((at for at in firsts if at is not None), default=None)

    def has_own_notices(self, connection: RecordedConnection) -> bool:
        """Whether a notice with its user id can belong to no other connection."""
        return self._connections_of_user[connection.room, connection.user] <= 1

    def in_audience(self, sender: int, receiver: RecordedConnection) -> bool:
        """Whether a receiver is in the audience of a sender, as far as is known.

        The sender is given by its number.
        """
        other = self.history.connections[sender]
        sticky = self.history.declares(Capability.STICKY)
        return other.room == receiver.room and not facts.are_apart(other.instance, receiver.instance, sticky=sticky)

    def is_certain_audience(self, sender: RecordedConnection, receiver: RecordedConnection) -> bool:
        """Whether a receiver is certainly in the audience of a sender.

        It might have received nothing of the sender.
        """
        sticky = self.history.declares(Capability.STICKY)
        return sender.room == receiver.room and facts.is_certain_audience(
            sender.instance, receiver.instance, sticky=sticky
        )

    def floor(self, sender: RecordedConnection, receiver: RecordedConnection) -> int:
        """The highest item received on the receiver's instance before it began to open."""
        if sender is receiver or not self.history.are_together(receiver, receiver):
            return 0
        key = sender.number, receiver.instance
        if key not in self._reached:
            traces = [
                trace
                for other, trace in self._receipts[sender.number]
                if self.history.are_together(self.history.connections[other], receiver)
            ]
            self._reached[key] = _Reached.by(traces)
        return self._reached[key].before(receiver.opening.at)

    def of(self, sender: RecordedConnection, receiver: RecordedConnection) -> ExpectedStream:
        """The stream of a sender as a receiver in its audience is due it."""
        received = tuple(self.traces.of(sender, receiver))
        floor = self.floor(sender, receiver)
        in_time = {trace.item for trace in received if trace.item >= floor}
        starts = self._first_after_evidence(sender, receiver)
        starts |= {item for item in in_time if not self._may_be_history(sender, receiver, item)}
        has_no_echo = sender is receiver and self.history.lacks(Need.ECHO)
        if not starts or has_no_echo or self.maybe_never_joined(sender):
            return ExpectedStream(sender, receiver, received, floor, ())
        if self.history.stays(receiver):
            items = self._due_to_one_who_stays(sender, min(starts))
        else:
            items = self._due_to_one_who_leaves(sender, min(starts), max(in_time, default=-1))
        if sender is receiver or not self.has_own_notices(sender):
            items = [item for item in items if JOIN_NOTICE < item < sender.leave]
        return ExpectedStream(sender, receiver, received, floor, tuple(items))

    def _due_to_one_who_stays(self, sender: RecordedConnection, start: int) -> list[int]:
        items = [*range(start, self._last_due[sender.number] + 1)]
        if sender.has_ended(self.history.deadline) and start <= sender.leave:
            items.append(sender.leave)
        return items

    def _due_to_one_who_leaves(self, sender: RecordedConnection, start: int, last_received: int) -> list[int]:
        uncertain = range(self._last_due[sender.number] + 1, sender.leave)
        return [item for item in range(start, last_received + 1) if item not in uncertain]

    def _may_be_history(self, sender: RecordedConnection, receiver: RecordedConnection, item: int) -> bool:
        """Whether a received item might be history: sent only because the receiver joined."""
        if not self.history.declares(Capability.HISTORY):
            return False
        sent, evidence = sender.sent_at(item), self.evidence[receiver.number]
        return sent is None or evidence is None or sent <= evidence

    def maybe_never_joined(self, sender: RecordedConnection) -> bool:
        """Whether the server might never have made a connection a member: it ended early."""
        is_evident = self.evidence[sender.number] is not None or bool(self._receipts[sender.number])
        return facts.maybe_never_joined(sender, is_evident=is_evident, deadline=self.history.deadline)

    def _first_after_evidence(self, sender: RecordedConnection, receiver: RecordedConnection) -> set[int]:
        """The first item that is due because it was sent after the receiver's evidence.

        Empty if there is none.
        """
        evidence = self.evidence[receiver.number]
        if evidence is None:
            return set()
        if sender is receiver:
            return {1}
        if not self.is_certain_audience(sender, receiver):
            return set()
        items = range(JOIN_NOTICE, sender.leave + 1)
        item = next((one for one in items if _is_sent_after(sender, one, evidence)), None)
        if item is None:
            return set()
        if item <= self._last_due[sender.number]:
            return {item}
        # Nobody received that item: the server might have ended the stream before. Only an end of its own is later.
        has_left = sender.apparently_left_at is not None and self.were_together(sender, receiver)
        return {sender.leave} if has_left else set()

    def were_together(self, sender: RecordedConnection, receiver: RecordedConnection) -> bool:
        """Whether a sender that left by itself was a member together with the receiver."""
        return facts.were_together(sender, has_received=bool(self.traces.of(receiver, sender)))

    def last_due_message(self, sender: RecordedConnection) -> int:
        """The last message of a sender that is due to those who stay; 0 for none."""
        return self._last_due[sender.number]

    def highest_message(self, sender: RecordedConnection) -> int:
        """The highest message of a sender that anyone received; 0 for none."""
        return self._highest[sender.number]

    def _highest_message(self, sender: RecordedConnection) -> int:
        received = (trace.item for _, trace in self._receipts[sender.number] if trace.item < sender.leave)
        return max(received, default=0)

    def _last_due_message(self, sender: RecordedConnection) -> int:
        deadline = self.history.deadline
        sent = sum(1 for message in sender.sent if message.at <= deadline)
        return facts.last_due_message(sender, sent=sent, highest=self.highest_message(sender), deadline=deadline)


@dataclass(frozen=True, slots=True)
class _Reached:
    """The highest item of a stream that had reached an instance, by time."""

    times: list[int]
    highest: list[int]

    @classmethod
    def by(cls, traces: list[Trace]) -> "_Reached":
        """From all traces of the stream there, by time."""
        return cls([trace.at for trace in traces], [*accumulate((trace.item for trace in traces), max)])

    def before(self, at: int) -> int:
        """The highest item received before a time; 0 if none was."""
        index = bisect_left(self.times, at)
        return self.highest[index - 1] if index else 0


def is_excused(due: ExpectedStream, item: int, windows: list[FaultWindow]) -> bool:
    """Whether a fault that was injected on purpose can have swallowed an item."""
    return any(_excuses(window, due, item) for window in windows)


def _excuses(window: FaultWindow, due: ExpectedStream, item: int) -> bool:
    return facts.is_excused(
        in_scope=facts.is_in_scope(window.instances, due.sender.instance, due.receiver.instance),
        overtaken_before=any(trace.item > item and trace.at < window.at for trace in due.received),
        sent_after_healing=_is_sent_after(due.sender, item, window.until + window.heal - 1),
        received_after_mending=any(
            trace.item < item and _is_sent_after(due.sender, trace.item, window.until) for trace in due.received
        ),
    )


def _is_sent_after(sender: RecordedConnection, item: int, at: int) -> bool:
    sent = sender.sent_at(item)
    return sent is not None and sent > at

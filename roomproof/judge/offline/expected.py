"""What a receiver is due of a stream: must, may and must not.

For the stream X(c) of a connection c and a receiver k of its audience (the members of the same room; in a sticky
topology on the same instance):

- evidence(k): the earlier of k's first room frame and anyone's receipt of k's own join notice;
- floor: the highest item of X(c) that anyone on k's instance had received before k began to open;
- start: the lowest item at or above the floor that k received, or the first item said after evidence(k), whichever is
  lower (in k's own stream: its first message);
- end: c's last message if c stayed or closed cleanly, otherwise the highest that anyone received, then the leave notice
  if c ended; but for a receiver that did not stay until the deadline, the last item that it received.

With the capability `history`, what was said before evidence(k) may have come because k has joined: it is no evidence,
and no start.

Items from start to end are due, in order, once. Items below the floor must not come. Everything else may. Why no
correct server is accused: what was said after evidence was said after membership began (JOIN-3), so k was a member
throughout; from the first item that k received, k was a member before the next one was broadcast (JOIN-2); below the
floor a later item had reached k's instance before k opened, so the recipients were settled without k (DELIVER-10).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from roomproof.history import FaultWindow
from roomproof.judge.classification import Part
from roomproof.judge.facts import is_in_scope
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces, first_copies
from roomproof.spec.rules import Capability


@dataclass(frozen=True, slots=True)
class ExpectedStream:
    """What one receiver is due of one stream: items start to end but `skipped`; nothing below `floor`."""

    stream: RecordedConnection
    receiver: RecordedConnection
    heard: tuple[Trace, ...]
    floor: int
    items: tuple[int, ...]

    def part(self, item: int) -> Part:
        """What an item is in the stream."""
        if item == self.stream.join:
            return Part.JOIN
        return Part.LEAVE if item == self.stream.leave else Part.MESSAGE

    def name(self, item: int) -> str:
        """What to call an item in a text."""
        part = self.part(item)
        return (
            f"{part} {item} of {self.stream.user!r}" if part is Part.MESSAGE else f"the {part} of {self.stream.user!r}"
        )

    @property
    def firsts(self) -> Iterable[Trace]:
        """What was heard, without second copies."""
        return first_copies(self.heard)


class ExpectedItems:
    """Computes the expected of a run, receiver by receiver; what all pairs need is computed once."""

    def __init__(self, run: SortedHistory, traces: Traces) -> None:
        self.run = run
        self.traces = traces
        self.evidence: dict[int, int | None] = {}
        self._namesakes = Counter((one.room, one.user) for one in run.connections.values() if one.maybe_admitted)
        """How many connections a user may have had in a room."""
        self._heard_by_anyone: dict[int, list[tuple[int, Trace]]] = defaultdict(list)
        """By stream: who heard it, and what; by time."""
        for receiver, heard in traces.heard.items():
            for one in heard:
                self._heard_by_anyone[one.stream].append((receiver, one))
        for witnessed in self._heard_by_anyone.values():
            witnessed.sort(key=lambda pair: pair[1].at)
        self._reached: dict[tuple[int, str | None], _Reached] = {}
        for connection in run.connections.values():
            self.evidence[connection.number] = self._evidence(connection)

    def _evidence(self, receiver: RecordedConnection) -> int | None:
        """When it was first shown that a connection is a member; None if it never was."""
        own_joins = (
            one.at
            for _, one in self._heard_by_anyone[receiver.number]
            if one.item == receiver.join and self.has_own_notices(receiver)
        )
        replays = self.run.declares(Capability.HISTORY)
        room_frames = (
            one.at
            for one in self.traces.heard[receiver.number]
            if one.stream == receiver.number or (not replays and self.in_audience(one.stream, receiver))
        )
        # Both are in the order received.
        firsts = (next(own_joins, None), next(room_frames, None))
        return min((at for at in firsts if at is not None), default=None)

    def has_own_notices(self, connection: RecordedConnection) -> bool:
        """Whether a notice with its user id can belong to no other connection."""
        return self._namesakes[connection.room, connection.user] <= 1

    def in_audience(self, stream: int, receiver: RecordedConnection) -> bool:
        """Whether a receiver is, as far as is known, in the audience of a stream."""
        sender = self.run.connections[stream]
        if sender.room != receiver.room or not self.run.declares(Capability.STICKY):
            return sender.room == receiver.room
        return None in (sender.instance, receiver.instance) or sender.instance == receiver.instance

    def is_certainly_in_audience(self, stream: RecordedConnection, receiver: RecordedConnection) -> bool:
        """Whether a receiver is certainly in the audience of a stream, though nothing of it may have come."""
        if self.run.declares(Capability.STICKY) and not self.run.same_instance(stream, receiver):
            return False
        return stream.room == receiver.room

    def _on_known_instance(self, receiver: RecordedConnection) -> bool:
        return self.run.same_instance(receiver, receiver)

    def floor(self, stream: RecordedConnection, receiver: RecordedConnection) -> int:
        """The highest item that anyone on the receiver's instance had received before it began to open."""
        if stream is receiver or not self._on_known_instance(receiver):
            return 0
        key = stream.number, receiver.instance
        if key not in self._reached:
            witnesses = [
                one
                for witness, one in self._heard_by_anyone[stream.number]
                if self.run.same_instance(self.run.connections[witness], receiver)
            ]
            self._reached[key] = _Reached.by(witnesses)
        return self._reached[key].before(receiver.opening.at)

    def of(self, stream: RecordedConnection, receiver: RecordedConnection) -> ExpectedStream:
        """What a receiver is due of a stream in whose audience it is."""
        heard = tuple(self.traces.of(stream, receiver))
        floor = self.floor(stream, receiver)
        received = {one.item for one in heard if one.item >= floor}
        starts = self._first_after_evidence(stream, receiver)
        starts |= {item for item in received if not self._is_perhaps_history(stream, receiver, item)}
        if not starts or self.maybe_never_joined(stream):
            return ExpectedStream(stream, receiver, heard, floor, ())
        deadline = self.run.deadline
        last = self._last_message(stream)
        if self.run.stayed(receiver):
            items = [*range(min(starts), last + 1)]
            ended = stream.ended_at is not None and stream.ended_at <= deadline
            if ended and min(starts) <= stream.leave:
                items.append(stream.leave)
        else:
            unclean_tail = range(last + 1, stream.leave)
            items = [*range(min(starts), max(received, default=-1) + 1)]
            items = [item for item in items if item not in unclean_tail]
        may = {stream.join, stream.leave} if stream is receiver or not self.has_own_notices(stream) else set()
        return ExpectedStream(stream, receiver, heard, floor, tuple(item for item in items if item not in may))

    def _is_perhaps_history(self, stream: RecordedConnection, receiver: RecordedConnection, item: int) -> bool:
        """Whether an item that a receiver got may have come because it has joined, and not because it is due."""
        if not self.run.declares(Capability.HISTORY):
            return False
        said, evidence = stream.said_at(item), self.evidence[receiver.number]
        return said is None or evidence is None or said <= evidence

    def maybe_never_joined(self, stream: RecordedConnection) -> bool:
        """Whether the server need not have taken a connection in: it ended early, and not by its own Close."""
        if self.evidence[stream.number] is not None or self._heard_by_anyone[stream.number]:
            return False
        ended = stream.ended_at is not None and stream.ended_at <= self.run.deadline
        return not stream.admitted or (ended and not stream.closed_cleanly)

    def _first_after_evidence(self, stream: RecordedConnection, receiver: RecordedConnection) -> set[int]:
        evidence = self.evidence[receiver.number]
        if evidence is None:
            return set()
        if stream is receiver:
            return {1}
        if not self.is_certainly_in_audience(stream, receiver):
            return set()
        for item in range(stream.join, stream.leave + 1):
            said = stream.said_at(item)
            if said is not None and said > evidence:
                break
        else:
            return set()
        if item <= self._last_message(stream):
            return {item}
        # Nobody heard that, so the server may have ended the stream before: only an end of its own is certainly later.
        has_left = stream.said_at(stream.leave) is not None and self.were_together(stream, receiver)
        return {stream.leave} if has_left else set()

    def were_together(self, stream: RecordedConnection, receiver: RecordedConnection) -> bool:
        """Whether one that ended itself after evidence of a receiver was certainly a member until then, or with it.

        If it died, the server may have ended it before. What it heard of the receiver shows that this was later.
        """
        return stream.certainly_closed_first or bool(self.traces.of(receiver, stream))

    def _last_message(self, stream: RecordedConnection) -> int:
        """The last message that is due to those who stay.

        A sender that does not read cannot know whether the server still listened (CLOSE-5).
        """
        deadline = self.run.deadline
        stayed = stream.reads and (stream.ended_at is None or stream.ended_at > deadline)
        if stayed or stream.closed_cleanly:
            return sum(1 for item in stream.said if item.sent.at <= deadline)
        messages = [one.item for _, one in self._heard_by_anyone[stream.number] if one.item < stream.leave]
        return max(messages, default=0)


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far a stream had come on an instance, by time."""

    times: list[int]
    highest: list[int]

    @classmethod
    def by(cls, witnesses: list[Trace]) -> "_Reached":
        """From all receipts there, by time."""
        return cls([one.at for one in witnesses], [*accumulate((one.item for one in witnesses), max)])

    def before(self, at: int) -> int:
        """The highest item received before a moment; 0 if none was."""
        index = bisect_left(self.times, at)
        return self.highest[index - 1] if index else 0


def excused(due: ExpectedStream, item: int, windows: list[FaultWindow]) -> bool:
    """Whether a fault that was injected on purpose can have swallowed an item."""
    return any(_covers(window, due, item) for window in windows)


def _covers(window: FaultWindow, due: ExpectedStream, item: int) -> bool:
    """Whether the path is in scope, and the item was neither past before the window nor due to pass after it.

    It was past if a later one had come before the window. What was said after the window's end and came shows that the
    path works again, for all that follows; whatever was said after the time to heal has no excuse.
    """
    if not is_in_scope(window.instances, due.stream.instance, due.receiver.instance):
        return False
    if any(one.item > item and one.at < window.at for one in due.heard):
        return False
    said = due.stream.said_at(item)
    if said is not None and said >= window.until + window.heal:
        return False
    return not any(one.item < item and _said_after(one, due, window.until) for one in due.heard)


def _said_after(heard: Trace, due: ExpectedStream, moment: int) -> bool:
    said = due.stream.said_at(heard.item)
    return said is not None and said > moment

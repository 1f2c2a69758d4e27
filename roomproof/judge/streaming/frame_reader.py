"""Reading of frames that are not at the receiver's cursor.

They are looked up, or decoded, judged and entered into the cache.
"""

from roomproof.judge import facts, texts
from roomproof.judge.classification import JOIN_NOTICE
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import LEAVE, EarlyLeave, StreamingConnection, part_of_item
from roomproof.judge.streaming.decoding import Decoded, Decoder
from roomproof.judge.streaming.departed import violation_by
from roomproof.judge.streaming.frame_cache import CachedFrame, DeliveryTimes, FrameCache, on_the_wire
from roomproof.judge.streaming.out_of_sequence import record_item
from roomproof.judge.streaming.slow_readers import SlowReaders
from roomproof.judge.streaming.state import RoomState

KEPT_IGNORED = 64
"""Number of different frames that say nothing to the judge and need not be decoded again."""

KEPT_UNNAMED = 10_000
"""Number of notices that wait until it is known whose they are; more are not judged."""


class FrameReader:
    """Reads the frames of one room."""

    def __init__(self, state: RoomState, decoder: Decoder, slow_readers: SlowReaders) -> None:
        self._state = state
        self._decoder = decoder
        self._slow_readers = slow_readers
        self._delays = state.tally.delays
        self._ignored: dict[bytes, None] = {}
        """The last frames, as on the wire, that say nothing to the judge."""
        self._unnamed: list[tuple[StreamingConnection, bytes, int, bool]] = []
        """Notices of users who may be connections whose names are not known so far."""

    def take_unnamed(self) -> list[tuple[StreamingConnection, bytes, int, bool]]:
        """Return the notices that waited for a name, to be received now.

        Each is given as receiver, frame, time, and whether it is binary.
        """
        unnamed, self._unnamed = self._unnamed, []
        return unnamed

    def find(
        self, receiver: StreamingConnection, frame: bytes, at: int, *, is_binary: bool = False
    ) -> CachedFrame | None:
        """The cached form of a received frame, decoded and judged if it was new.

        None if the frame carries no item that can arrive here now. An item of any sender is evidence that the receiver
        is a member.
        """
        cache = self._state.cache_of(receiver.instance)
        wire = on_the_wire(frame, is_binary=is_binary)
        cached = cache.find(wire)
        if cached is None and wire not in self._ignored:
            cached = self._decode(cache, receiver, frame, wire, at, is_binary=is_binary)
        if cached is not None:
            self._note_item(receiver, cached.column, at)
        return cached

    def record(self, receiver: StreamingConnection, cached: CachedFrame, frame: bytes, at: int) -> None:
        """Record an item that is not the one expected next, and report its violation."""
        state = self._state
        column, item = cached.column, cached.item
        sender = state.columns[column]
        if sender is None:
            return
        number = sender.leave if item == LEAVE else item
        was_received = receiver.evidence_at is None or receiver.expected[column] == cached.next_item
        violation = record_item(state, sender, receiver, item, at)
        if violation is not None:
            text = texts.item_finding(violation[0], part_of_item(sender, number), number, sender.user)
            state.report(receiver, violation, text, sender.number, number, (frame, at))
        if not was_received and receiver.expected[column] == cached.next_item:
            self.time(cached, at)

    def time(self, cached: CachedFrame, at: int) -> None:
        """Time the delivery of a message, if it tells when it was scheduled to be sent."""
        if cached.scheduled:
            self._delays.append(at - cached.scheduled)
            cached.timing.last = at

    def _note_item(self, receiver: StreamingConnection, column: int, at: int) -> None:
        """Note that a receiver received an item of the sender in a column.

        It can be the evidence of membership.
        """
        if receiver.evidence_at is None:
            receiver.received_before_evidence = True
            if facts.is_evidence(is_own=column == receiver.column, history=self._state.history):
                self._state.show_membership(receiver, at)

    def _decode(
        self,
        cache: FrameCache,
        receiver: StreamingConnection,
        frame: bytes,
        wire: bytes,
        at: int,
        *,
        is_binary: bool,
    ) -> CachedFrame | None:
        may_be_old = receiver.has_paused or self._state.history
        decoded = self._decoder.decode(frame, receiver, at, may_be_old=may_be_old, is_binary=is_binary)
        self._report_faults(receiver, decoded, frame, at)
        sender, item = decoded.sender, decoded.item
        if sender is None:
            self._take_without_item(receiver, decoded, frame, wire, at, is_binary=is_binary)
            return None
        self._note_item(receiver, sender.column, at)
        if item == LEAVE and not sender.has_begun_to_end:
            self._keep_early_leave(receiver, sender, decoded, frame, at)
            return None
        if item == JOIN_NOTICE and sender.evidence_at is None:
            self._state.show_membership(sender, at)
        is_first = item > sender.highest_message
        if is_first:
            sender.highest_message = item
        _raise_highest(sender, sender.leave if item == LEAVE else item, receiver.instance)
        if decoded.faults or decoded.lapse:
            return self._uncached(receiver, sender, decoded, frame, at, is_first=is_first)
        cached = cache.add(wire, len(wire) - len(frame), sender.column, item)
        if decoded.scheduled:
            if is_first:
                self._slow_readers.note_first_receipt(receiver, sender, item, decoded.scheduled, at)
            is_due = not self._state.may_be_history(sender, receiver, item)
            self._state.timer.add(cached, decoded.scheduled, at, is_first=is_first, is_due=is_due)
        return cached

    def _take_without_item(
        self,
        receiver: StreamingConnection,
        decoded: Decoded,
        frame: bytes,
        wire: bytes,
        at: int,
        *,
        is_binary: bool,
    ) -> None:
        """Take a frame that carries no item that can arrive here now."""
        if decoded.is_ignored:
            self._ignored[wire] = None
            if len(self._ignored) > KEPT_IGNORED:
                del self._ignored[next(iter(self._ignored))]
        elif decoded.unmatched:
            self._state.note_trouble(receiver, texts.unmatched(decoded.unmatched))
        elif decoded.is_unnamed:
            if len(self._unnamed) < KEPT_UNNAMED:
                self._unnamed.append((receiver, frame, at, is_binary))
        else:
            self._judge_departed(receiver, decoded, frame, at)

    def _report_faults(self, receiver: StreamingConnection, decoded: Decoded, frame: bytes, at: int) -> None:
        """Report the faults of a frame.

        While a fault is injected, the server may send errors.
        """
        for fault in decoded.faults:
            is_error = fault.violation[0] is Kind.UNPROVOKED_ERROR
            if not (is_error and self._state.is_touched_by_fault(receiver, at)):
                about = fault.stream, fault.item
                self._state.report(receiver, fault.violation, fault.text, *about, (frame, at), fault.detail)

    def _judge_departed(self, receiver: StreamingConnection, decoded: Decoded, frame: bytes, at: int) -> None:
        """Report what an item of a departed sender breaks."""
        departed = decoded.departed
        if departed is None:
            return
        violation = violation_by(departed, decoded.part, decoded.item, receiver, self._state)
        if violation is not None:
            text = texts.from_departed(departed.number)
            self._state.report(receiver, violation, text, departed.number, received=(frame, at))

    def _keep_early_leave(
        self, receiver: StreamingConnection, sender: StreamingConnection, decoded: Decoded, frame: bytes, at: int
    ) -> None:
        """Keep a leave notice that is judged once its sender's end is known."""
        lapse = decoded.lapse if decoded.lapse is not None and decoded.lapse.is_certain else None
        leave = EarlyLeave(receiver, at, frame, receiver.span_of(sender.column), lapse)
        sender.early_leaves.append(leave)
        if sender.has_paused:  # such a client might never learn of its end
            _raise_highest(sender, sender.leave, receiver.instance)

    def _uncached(
        self,
        receiver: StreamingConnection,
        sender: StreamingConnection,
        decoded: Decoded,
        frame: bytes,
        at: int,
        *,
        is_first: bool,
    ) -> CachedFrame:
        """The form of a frame that stays out of the cache.

        Each receiver of it has to be judged by itself. A faulty message is not timed.
        """
        scheduled = 0 if decoded.faults else decoded.scheduled
        self._state.tally.untimed += is_first and scheduled > 0
        times = DeliveryTimes(scheduled, at, at, is_whole=False)
        return CachedFrame(frame, len(frame), 0, sender.column, decoded.item, receiver.cursor, scheduled, times)


def _raise_highest(sender: StreamingConnection, item: int, instance: str | None) -> None:
    """Note that an item reached an instance."""
    if item > sender.highest_by_instance.get(instance, -1):
        sender.highest_by_instance[instance] = item

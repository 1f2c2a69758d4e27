"""Who is in a room under load: the columns of all speakers, the receivers, and what was found."""

from array import array

from roomproof.history import Event, Opening, Received, Started
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.connection import APART, LEAVE, LEFT, StreamingConnection
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.frame_cache import CachedFrame, DeliveryTimes, FrameCache
from roomproof.judge.streaming.tally import Tally
from roomproof.spec.rules import Capability


class RoomState:
    """The state of one room."""

    def __init__(self, started: Started, cached_frames: int, ledger: Tally) -> None:
        self.ledger = ledger
        self.outages: list[LiveFaultWindow] = []
        self.caches: dict[str | None, FrameCache] = {}
        self.columns: list[StreamingConnection | None] = []
        """The speakers of which anything may still come."""
        self.receivers: list[StreamingConnection] = []
        """Those that may still hear something."""
        self.deleted = False
        self.sticky = Capability.STICKY in started.capabilities
        self.replays = Capability.HISTORY in started.capabilities
        """Whether those who come may be told earlier messages again."""
        self._cached_frames = cached_frames
        self._timings: dict[tuple[int, int], DeliveryTimes] = {}
        """By column and item."""
        self._heard_by_all: dict[int, int] = {}
        """By column: everybody had heard the items before this one when it was last looked."""
        self.one_instance = not self.sticky and Capability.PUBSUB not in started.capabilities

    def lines(self) -> list[StreamingConnection]:
        """All speakers."""
        return [line for line in self.columns if line is not None]

    def cache_of(self, instance: str | None) -> FrameCache:
        """What came to anyone on an instance."""
        cache = self.caches.get(instance)
        if cache is None:
            cache = self.caches[instance] = FrameCache(self._drop, self._cached_frames)
        return cache

    def time(self, slot: CachedFrame, meant: int, at: int, *, is_first: bool, is_due: bool) -> None:
        """A message that was meant to be said at some time is received.

        `is_first`: nobody had received it before; `is_due`: not told because its receiver has come.
        """
        key = slot.column, slot.item
        timing = self._timings.get(key)
        if timing is None:
            timing = self._timings[key] = DeliveryTimes(meant, at, at, is_whole=is_first)
        timing.slots += 1
        if is_due:
            timing.last = at
        slot.meant, slot.timing = meant, timing

    def _drop(self, slot: CachedFrame) -> None:
        timing = slot.timing
        if not slot.meant:
            return
        timing.slots -= 1
        if timing.slots:
            return
        del self._timings[slot.column, slot.item]
        if timing.is_whole and not self._is_awaited_by_anyone(slot.column, slot.item):
            self.ledger.spent.append(timing)
        else:
            self.ledger.untimed += timing.is_whole

    def _is_awaited_by_anyone(self, column: int, item: int) -> bool:
        if item >= self._heard_by_all.get(column, 0):
            expected = [one.expected[column] for one in self.receivers if one.evidence_at is not None]
            self._heard_by_all[column] = min((next_item for next_item in expected if next_item >= 0), default=item + 1)
        return item >= self._heard_by_all[column]

    def add(self, opening: Opening) -> StreamingConnection:
        """A new connection, in a column of its own."""
        column = self.columns.index(None) if None in self.columns else len(self.columns)
        line = StreamingConnection(opening.connection, opening, column=column)
        highs = [one.high if one else {} for one in self.columns]
        for instance in self.caches:
            line.floors[instance] = array("i", [high.get(instance, 0) for high in highs])
        self.columns[column : column + 1] = [line]
        for receiver in self.receivers:
            receiver.make_room(column)
        self.receivers.append(line)
        return line

    def forget(self, line: StreamingConnection) -> None:
        """Free the column of a speaker of whom nothing more is due."""
        self.columns[line.column] = None
        self._heard_by_all.pop(line.column, None)
        for cache in self.caches.values():
            cache.forget(line.column)
        for receiver in self.receivers:
            receiver.forget(line.column)

    def frame_of(self, speaker: StreamingConnection, item: int) -> str | None:
        """How an item reached somebody, if that is remembered."""
        number = LEAVE if item == speaker.leave else item
        frames = (cache.frame_of(speaker.column, number) for cache in self.caches.values())
        return next((frame.decode() for frame in frames if frame is not None), None)

    def raise_floors(self, speaker: StreamingConnection, instance: str | None, at: int) -> None:
        """The leave of a speaker had come to an instance: those who came there afterwards get nothing more of it."""
        if not self.one_instance and instance is None:
            return
        for line in self.receivers:
            floor = line.floor if line.instance == instance else array("i")
            for counts in (floor, line.floors.get(instance, array("i"))):
                if line.opening.at > at and speaker.column < len(counts):
                    counts[speaker.column] = speaker.leave

    def is_awaited(self, speaker: StreamingConnection, since: int) -> bool:
        """Whether somebody who does not read, or reads on only since then, may still find something of a speaker."""
        return any(
            line.paused_before
            and (not line.reads or line.read_on_at > since)
            and line.evidence_at is not None
            and line.expected[speaker.column] not in (LEFT, APART)
            for line in self.receivers
        )

    def heard_of(self, speaker: StreamingConnection) -> int:
        """What all receivers have heard of a speaker: another number whenever something of it has arrived."""
        return sum(line.expected[speaker.column] for line in self.receivers if line.evidence_at is not None)

    def stays(self, line: StreamingConnection) -> bool:
        """Whether a receiver is due all that is said. With a room all its memberships end (LEAVE-1)."""
        return line.reads and line.ended_at is None and not self.deleted

    def is_certain(self, speaker: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether a receiver is certainly in the audience of a speaker, though nothing of it may have come."""
        if speaker is receiver or not self.sticky:
            return True
        return receiver.instance is not None and receiver.instance == speaker.instance

    def is_covered(self, line: StreamingConnection, at: int) -> bool:
        """Whether something that touches a connection was broken on purpose, or had not healed yet."""
        return any(outage.covers(line, at) for outage in self.outages)

    def show_membership(self, line: StreamingConnection, at: int) -> None:
        """From now on everything that is said is due to a connection: it has shown that it is a member."""
        if not line.said:
            self.ledger.joins.append(at - line.opening.at)
        line.begin_to_count([one.said if one else -1 for one in self.columns], at)
        self.settle_instance(line)

    def settle_instance(self, line: StreamingConnection) -> None:
        """Take up what its instance means for a connection, once that and its membership are known, in either order."""
        if line.opened is None:
            return
        self._keep_apart(line)
        if line.evidence_at is None:
            return
        line.settle_floor(self._floor_at_opening(line))
        line.slots = self.cache_of(line.instance).slots

    def _floor_at_opening(self, line: StreamingConnection) -> "array[int] | None":
        """What anyone on its instance had received when the opening of a connection began, if that is known."""
        is_known = self.one_instance or line.instance is not None
        return line.floors.get(line.instance) if is_known else None

    def floor(self, speaker: StreamingConnection, receiver: StreamingConnection) -> int:
        """The item of a speaker below which nothing must come to a receiver."""
        if receiver.evidence_at is not None:
            return receiver.floor[speaker.column]
        floor = self._floor_at_opening(receiver)
        return floor[speaker.column] if floor is not None and speaker.column < len(floor) else 0

    def are_apart(self, speaker: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether nothing of a speaker must come to a receiver, because they are on two sticky instances."""
        if receiver.evidence_at is not None:
            return receiver.expected[speaker.column] == APART
        instances = {speaker.instance, receiver.instance}
        return self.sticky and None not in instances and len(instances) == 2

    def may_be_earlier(self, speaker: StreamingConnection, receiver: StreamingConnection, item: int) -> bool:
        """Whether an item may be one of those that a server with `history` tells whoever comes: not due, but allowed.

        What was said before there was evidence of membership is that, and shows no membership.
        """
        if not self.replays or speaker is receiver:
            return False
        return receiver.evidence_at is None or LEAVE < item < receiver.start[speaker.column]

    def _keep_apart(self, line: StreamingConnection) -> None:
        """Expect nothing across sticky instances, once they are known."""
        if not self.sticky or line.instance is None:
            return
        for other in self.lines():
            if other.instance not in (None, line.instance):
                for speaker, receiver in ((line, other), (other, line)):
                    counts = receiver.evidence_at is not None and receiver.gone_at is None
                    if counts and not receiver.has_heard(speaker.column):
                        receiver.expected[speaker.column] = APART

    def find(
        self,
        line: StreamingConnection,
        kind: Kind,
        rule: str,
        text: str,
        stream: int | None = None,
        item: int | None = None,
        received: tuple[bytes, int] | None = None,
    ) -> None:
        """Note what a receiver shows; the witness is the frame that it received, or its own beginning and end."""
        witness: tuple[Event, ...] = line.life
        if received is not None:
            frame, at = received
            witness = (Received(line.number, at, frame.decode(errors="replace")),)
        self.ledger.note(Finding(kind, rule, line.number, text, stream, item, witness=witness))

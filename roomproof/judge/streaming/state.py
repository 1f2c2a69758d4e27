"""Who is in a room under load: the columns of all senders, the receivers, and what was found."""

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

    def __init__(self, started: Started, cached_frames: int, tally: Tally) -> None:
        self.tally = tally
        self.fault_windows: list[LiveFaultWindow] = []
        self.caches: dict[str | None, FrameCache] = {}
        self.columns: list[StreamingConnection | None] = []
        """The senders of which anything may still come."""
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

    def connections(self) -> list[StreamingConnection]:
        """All senders."""
        return [connection for connection in self.columns if connection is not None]

    def cache_of(self, instance: str | None) -> FrameCache:
        """What came to anyone on an instance."""
        cache = self.caches.get(instance)
        if cache is None:
            cache = self.caches[instance] = FrameCache(self._drop, self._cached_frames)
        return cache

    def time(self, cached: CachedFrame, meant: int, at: int, *, is_first: bool, is_due: bool) -> None:
        """A message that was meant to be said at some time is received.

        `is_first`: nobody had received it before; `is_due`: not told because its receiver has come.
        """
        key = cached.column, cached.item
        timing = self._timings.get(key)
        if timing is None:
            timing = self._timings[key] = DeliveryTimes(meant, at, at, is_whole=is_first)
        timing.cached_frames += 1
        if is_due:
            timing.last = at
        cached.meant, cached.timing = meant, timing

    def _drop(self, cached: CachedFrame) -> None:
        timing = cached.timing
        if not cached.meant:
            return
        timing.cached_frames -= 1
        if timing.cached_frames:
            return
        del self._timings[cached.column, cached.item]
        if timing.is_whole and not self._is_awaited_by_anyone(cached.column, cached.item):
            self.tally.spent.append(timing)
        else:
            self.tally.untimed += timing.is_whole

    def _is_awaited_by_anyone(self, column: int, item: int) -> bool:
        if item >= self._heard_by_all.get(column, 0):
            expected = [one.expected[column] for one in self.receivers if one.evidence_at is not None]
            self._heard_by_all[column] = min((next_item for next_item in expected if next_item >= 0), default=item + 1)
        return item >= self._heard_by_all[column]

    def add(self, opening: Opening) -> StreamingConnection:
        """A new connection, in a column of its own."""
        column = self.columns.index(None) if None in self.columns else len(self.columns)
        connection = StreamingConnection(opening.connection, opening, column=column)
        highs = [one.high if one else {} for one in self.columns]
        for instance in self.caches:
            connection.floors[instance] = array("i", [high.get(instance, 0) for high in highs])
        self.columns[column : column + 1] = [connection]
        for receiver in self.receivers:
            receiver.make_room(column)
        self.receivers.append(connection)
        return connection

    def forget(self, connection: StreamingConnection) -> None:
        """Free the column of a sender of whom nothing more is due."""
        self.columns[connection.column] = None
        self._heard_by_all.pop(connection.column, None)
        for cache in self.caches.values():
            cache.forget(connection.column)
        for receiver in self.receivers:
            receiver.forget(connection.column)

    def frame_of(self, sender: StreamingConnection, item: int) -> str | None:
        """How an item reached somebody, if that is remembered."""
        number = LEAVE if item == sender.leave else item
        frames = (cache.frame_of(sender.column, number) for cache in self.caches.values())
        return next((frame.decode() for frame in frames if frame is not None), None)

    def raise_floors(self, sender: StreamingConnection, instance: str | None, at: int) -> None:
        """The leave of a sender had come to an instance: those who came there afterwards get nothing more of it."""
        if not self.one_instance and instance is None:
            return
        for connection in self.receivers:
            floor = connection.floor if connection.instance == instance else array("i")
            for counts in (floor, connection.floors.get(instance, array("i"))):
                if connection.opening.at > at and sender.column < len(counts):
                    counts[sender.column] = sender.leave

    def is_awaited(self, sender: StreamingConnection, since: int) -> bool:
        """Whether somebody who does not read, or reads on only since then, may still find something of a sender."""
        return any(
            connection.has_paused
            and (not connection.reads or connection.resumed_at > since)
            and connection.evidence_at is not None
            and connection.expected[sender.column] not in (LEFT, APART)
            for connection in self.receivers
        )

    def heard_of(self, sender: StreamingConnection) -> int:
        """What all receivers have heard of a sender: another number whenever something of it has arrived."""
        return sum(
            connection.expected[sender.column] for connection in self.receivers if connection.evidence_at is not None
        )

    def stays(self, connection: StreamingConnection) -> bool:
        """Whether a receiver is due all that is said. With a room all its memberships end (LEAVE-1)."""
        return connection.reads and connection.ended_at is None and not self.deleted

    def is_certain(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether a receiver is certainly in the audience of a sender, though nothing of it may have come."""
        if sender is receiver or not self.sticky:
            return True
        return receiver.instance is not None and receiver.instance == sender.instance

    def is_covered(self, connection: StreamingConnection, at: int) -> bool:
        """Whether something that touches a connection was broken on purpose, or had not healed yet."""
        return any(window.covers(connection, at) for window in self.fault_windows)

    def show_membership(self, connection: StreamingConnection, at: int) -> None:
        """From now on everything that is said is due to a connection: it has shown that it is a member."""
        if not connection.said:
            self.tally.joins.append(at - connection.opening.at)
        connection.begin_to_count([one.said if one else -1 for one in self.columns], at)
        self.settle_instance(connection)

    def settle_instance(self, connection: StreamingConnection) -> None:
        """Take up what its instance means for a connection, once that and its membership are known, in either order."""
        if connection.opened is None:
            return
        self._keep_apart(connection)
        if connection.evidence_at is None:
            return
        connection.settle_floor(self._floor_at_opening(connection))
        connection.cached_frames = self.cache_of(connection.instance).cached_frames

    def _floor_at_opening(self, connection: StreamingConnection) -> "array[int] | None":
        """What anyone on its instance had received when the opening of a connection began, if that is known."""
        is_known = self.one_instance or connection.instance is not None
        return connection.floors.get(connection.instance) if is_known else None

    def floor(self, sender: StreamingConnection, receiver: StreamingConnection) -> int:
        """The item of a sender below which nothing must come to a receiver."""
        if receiver.evidence_at is not None:
            return receiver.floor[sender.column]
        floor = self._floor_at_opening(receiver)
        return floor[sender.column] if floor is not None and sender.column < len(floor) else 0

    def are_apart(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether nothing of a sender must come to a receiver, because they are on two sticky instances."""
        if receiver.evidence_at is not None:
            return receiver.expected[sender.column] == APART
        instances = {sender.instance, receiver.instance}
        return self.sticky and None not in instances and len(instances) == 2

    def may_be_earlier(self, sender: StreamingConnection, receiver: StreamingConnection, item: int) -> bool:
        """Whether an item may be one of those that a server with `history` tells whoever comes: not due, but allowed.

        What was said before there was evidence of membership is that, and shows no membership.
        """
        if not self.replays or sender is receiver:
            return False
        return receiver.evidence_at is None or LEAVE < item < receiver.start[sender.column]

    def _keep_apart(self, connection: StreamingConnection) -> None:
        """Expect nothing across sticky instances, once they are known."""
        if not self.sticky or connection.instance is None:
            return
        for other in self.connections():
            if other.instance not in (None, connection.instance):
                for sender, receiver in ((connection, other), (other, connection)):
                    counts = receiver.evidence_at is not None and receiver.gone_at is None
                    if counts and not receiver.has_heard(sender.column):
                        receiver.expected[sender.column] = APART

    def find(
        self,
        connection: StreamingConnection,
        kind: Kind,
        rule: str,
        text: str,
        stream: int | None = None,
        item: int | None = None,
        received: tuple[bytes, int] | None = None,
    ) -> None:
        """Note what a receiver shows; the witness is the frame that it received, or its own beginning and end."""
        witness: tuple[Event, ...] = connection.life
        if received is not None:
            frame, at = received
            witness = (Received(connection.number, at, frame.decode(errors="replace")),)
        self.tally.note(Finding(kind, rule, connection.number, text, stream, item, witness=witness))

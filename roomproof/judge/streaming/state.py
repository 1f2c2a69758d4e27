"""The state of a room under load: senders, receivers, caches, faults, findings."""

from array import array

from roomproof.history import Event, Opening, Received, Started
from roomproof.judge import facts
from roomproof.judge.classification import JOIN_NOTICE, Part, Violation
from roomproof.judge.findings import Finding
from roomproof.judge.needs import inapplicable_rules
from roomproof.judge.streaming.connection import APART, LEAVE, LEFT, StreamingConnection
from roomproof.judge.streaming.delivery_times import DeliveryTimer
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.frame_cache import FrameCache
from roomproof.judge.streaming.tally import Tally
from roomproof.spec.rules import Capability, Need

FIRST_MESSAGE = JOIN_NOTICE + 1
"""Number of the first message in each stream."""


class RoomState:
    """The state of one room.

    Invariants:

    - `columns[c]` is the sender in column c, and its `column` is c; or None, and the column is free.
    - A sender keeps its column until its stream is settled. Then no cache holds a frame of it, and no receiver
      remembers anything of it but its place in the arrays.
    - `receivers` are exactly the connections that are not gone. Those with evidence have one number for each column.
    - There is a cache for each instance that answered a handshake, or on which anyone received an item.
    - A receiver with evidence has APART at the columns of all senders that are known to be on other sticky instances,
      unless something had arrived before.
    """

    def __init__(self, started: Started, cached_frames: int, tally: Tally, membership_ns: int) -> None:
        """`cached_frames` is the number of frames that the cache of an instance holds.

        `membership_ns`: time after a handshake by which a connection is a member, where there is no echo.
        """
        self.tally = tally
        self.membership_ns = membership_ns
        self.fault_windows: list[LiveFaultWindow] = []
        self.caches: dict[str | None, FrameCache] = {}
        """By instance."""
        self.columns: list[StreamingConnection | None] = []
        """The senders of which anything might still arrive."""
        self.receivers: list[StreamingConnection] = []
        """The connections that might still receive something."""
        self.deleted = False
        self.sticky = Capability.STICKY in started.capabilities
        self.pubsub = Capability.PUBSUB in started.capabilities
        self.history = Capability.HISTORY in started.capabilities
        self.one_instance = facts.is_one_instance(started.capabilities)
        self.has_notices = Need.NOTICES not in started.without
        self.has_echo = Need.ECHO not in started.without
        self._inapplicable = inapplicable_rules(started.without)
        self.timer = DeliveryTimer(tally, self.receivers, has_echo=self.has_echo)
        self._cached_frames = cached_frames

    # Changes

    def cache_of(self, instance: str | None) -> FrameCache:
        """The cache of what anyone on an instance received, made if there is none."""
        cache = self.caches.get(instance)
        if cache is None:
            cache = self.caches[instance] = FrameCache(self.timer.drop, self._cached_frames)
        return cache

    def add(self, opening: Opening) -> StreamingConnection:
        """Add a new connection, in a column of its own."""
        column = self.columns.index(None) if None in self.columns else len(self.columns)
        connection = StreamingConnection(opening.connection, opening, column=column)
        highest = [one.highest_by_instance if one else {} for one in self.columns]
        for instance in self.caches:
            connection.opening_floors[instance] = array("i", [items.get(instance, 0) for items in highest])
        self.columns[column : column + 1] = [connection]
        for receiver in self.receivers:
            receiver.add_column(column, JOIN_NOTICE if self.has_notices else FIRST_MESSAGE)
        self.receivers.append(connection)
        return connection

    def forget(self, connection: StreamingConnection) -> None:
        """Free the column of a sender of which nothing more is due."""
        self.columns[connection.column] = None
        self.timer.forget(connection.column)
        for cache in self.caches.values():
            cache.forget(connection.column)
        for receiver in self.receivers:
            receiver.forget(connection.column)

    def show_membership(self, connection: StreamingConnection, at: int) -> None:
        """Note the evidence of membership: what is sent from now on is due."""
        if not connection.sent:
            self.tally.joins.append(at - connection.opening.at)
        connection.begin_to_count([one.sent if one else -1 for one in self.columns], at)
        self.settle_instance(connection)

    def settle_instance(self, connection: StreamingConnection) -> None:
        """Set what follows from a connection's instance, once it is a known member."""
        if connection.opened is None:
            return
        self._keep_apart(connection)
        if connection.evidence_at is None:
            return
        connection.set_floor(self._floor_at_opening(connection))
        connection.cached_frames = self.cache_of(connection.instance).cached_frames

    def _keep_apart(self, connection: StreamingConnection) -> None:
        """Expect nothing between a connection and those on other sticky instances."""
        for other in self.connections():
            if facts.are_apart(connection.instance, other.instance, sticky=self.sticky):
                for sender, receiver in ((connection, other), (other, connection)):
                    counts = receiver.evidence_at is not None and receiver.gone_at is None
                    if counts and not receiver.has_received_from(sender.column):
                        receiver.expected[sender.column] = APART

    def raise_floors(self, sender: StreamingConnection, instance: str | None, at: int) -> None:
        """Note that the leave notice of a sender had arrived on an instance at some time.

        Receivers that came there later may receive nothing more of the sender.
        """
        if not facts.is_instance_known(instance, one_instance=self.one_instance):
            return
        for connection in self.receivers:
            floor = connection.floor if connection.instance == instance else array("i")
            for counts in (floor, connection.opening_floors.get(instance, array("i"))):
                if connection.opening.at > at and sender.column < len(counts):
                    counts[sender.column] = sender.leave

    def report(
        self,
        connection: StreamingConnection,
        violation: Violation,
        text: str,
        stream: int | None = None,
        item: int | None = None,
        received: tuple[bytes, int] | None = None,
        detail: str = "",
    ) -> None:
        """Note a finding at a receiver.

        Its witness is the frame `received`, given as (frame, time), or the receiver's beginning and end.
        """
        kind, rule = violation
        witness: tuple[Event, ...] = connection.life
        if received is not None:
            frame, at = received
            witness = (Received(connection.number, at, connection.redact(frame.decode(errors="replace"))),)
        text, detail = connection.redact(text), connection.redact(detail)
        self.note(Finding(kind, rule, connection.number, text, stream, item, witness=witness, detail=detail))

    def note(self, finding: Finding) -> None:
        """Note a finding, unless its rule does not apply to what the service has."""
        if finding.rule not in self._inapplicable:
            self.tally.note(finding)

    def note_trouble(self, connection: StreamingConnection, text: str) -> None:
        """Note that the dialect does not fit the service: what it reads proves nothing."""
        self.tally.troubles.note(connection.redact(text))

    # Questions

    def connections(self) -> list[StreamingConnection]:
        """All senders."""
        return [connection for connection in self.columns if connection is not None]

    def frame_of(self, sender: StreamingConnection, item: int) -> str | None:
        """The frame in which an item reached somebody, if it is in a cache."""
        number = LEAVE if item == sender.leave else item
        frames = (cache.frame_of(sender.column, number) for cache in self.caches.values())
        return next((frame.decode(errors="replace") for frame in frames if frame is not None), None)

    def is_awaited_by_slow_reader(self, sender: StreamingConnection, since: int) -> bool:
        """Whether a slow reader might still receive items of a sender.

        It does not read, or resumed after the time `since`.
        """
        return any(
            connection.has_paused
            and (not connection.reads or connection.resumed_at > since)
            and connection.evidence_at is not None
            and connection.expected[sender.column] not in (LEFT, APART)
            for connection in self.receivers
        )

    def progress_of(self, sender: StreamingConnection) -> int:
        """A number that changes whenever an expected item of a sender arrives anywhere."""
        return sum(
            connection.expected[sender.column] for connection in self.receivers if connection.evidence_at is not None
        )

    def stays(self, connection: StreamingConnection) -> bool:
        """Whether a receiver is due everything that is sent.

        All memberships of a room end when it is deleted (LEAVE-1).
        """
        return connection.is_reading() and not self.deleted

    def is_certain_audience(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether a receiver is certainly in the audience of a sender.

        It might have received nothing of the sender.
        """
        return sender is receiver or facts.is_certain_audience(sender.instance, receiver.instance, sticky=self.sticky)

    def is_audience(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether a receiver with evidence of membership is due the items of a sender.

        It is, if it received one of them, or if the sender certainly joined where it certainly hears of it.
        """
        if sender is receiver or receiver.has_received_from(sender.column):
            return True
        return self.is_certain_audience(sender, receiver) and not sender.maybe_never_joined

    def is_due_to(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether anything of a sender can be due to a receiver.

        Its own words can be only with an echo.
        """
        return self.has_echo or sender is not receiver

    def is_touched_by_fault(self, connection: StreamingConnection, at: int) -> bool:
        """Whether a fault touched a connection at some time, or had not healed yet."""
        return any(window.covers(connection, at) for window in self.fault_windows)

    def is_excused(
        self, sender: StreamingConnection, receiver: StreamingConnection, item: int, overtaken_at: int | None = None
    ) -> bool:
        """Whether a fault can have swallowed an item.

        `overtaken_at`: when a later one arrived; None if none did.
        """
        return any(window.excuses(sender, receiver, item, overtaken_at) for window in self.fault_windows)

    def floor(self, sender: StreamingConnection, receiver: StreamingConnection) -> int:
        """The item of a sender below which nothing may arrive at a receiver."""
        if receiver.evidence_at is not None:
            return receiver.floor[sender.column]
        floor = self._floor_at_opening(receiver)
        return floor[sender.column] if floor is not None and sender.column < len(floor) else 0

    def _floor_at_opening(self, connection: StreamingConnection) -> "array[int] | None":
        """The highest items received on its instance before a connection began to open.

        None if its instance is unknown.
        """
        is_known = facts.is_instance_known(connection.instance, one_instance=self.one_instance)
        return connection.opening_floors.get(connection.instance) if is_known else None

    def are_apart(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether a sender and a receiver are on two sticky instances."""
        if receiver.evidence_at is not None:
            return receiver.expected[sender.column] == APART
        return facts.are_apart(sender.instance, receiver.instance, sticky=self.sticky)

    def crosses(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        """Whether items of a sender reach a receiver through the bus between instances."""
        return facts.crosses(sender.instance, receiver.instance, pubsub=self.pubsub)

    def may_be_repeated(self, part: Part) -> bool:
        """Whether a server may repeat an item for a connection that joins.

        A server with `history` may repeat messages.
        """
        return self.history and part is Part.MESSAGE

    def may_be_history(self, sender: StreamingConnection, receiver: StreamingConnection, item: int) -> bool:
        """Whether an item might be history: sent only because its receiver joined.

        That holds for what was sent before the evidence of membership. It is no evidence itself.
        """
        if not self.history or sender is receiver:
            return False
        return receiver.evidence_at is None or LEAVE < item < receiver.start[sender.column]

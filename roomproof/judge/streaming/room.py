"""The oracle's streaming form: judges a room while it is being talked in, in memory that does not grow with the run.

It finds what the offline form finds (docs/oracle.md has the definition; total order and users with several connections
are left to that), at the cost of comparing bytes for nearly every frame. Evidence is one number for each receiver and
sender: what should come next. Each connection has a user id of its own, and says what `say` makes of its words.
"""

from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Refused, Started
from roomproof.judge.findings import Kind
from roomproof.judge.streaming import final_accounting
from roomproof.judge.streaming.closing import judge_close
from roomproof.judge.streaming.connection import LEAVE, EarlyLeave, StreamingConnection, name_of
from roomproof.judge.streaming.decoding import Decoder
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.frame_cache import CACHED_FRAMES, CachedFrame, DeliveryTimes, FrameCache, on_the_wire
from roomproof.judge.streaming.message_id import MessageId, seal
from roomproof.judge.streaming.out_of_sequence import of_departed, take
from roomproof.judge.streaming.slow_readers import SlowReaders
from roomproof.judge.streaming.state import RoomState
from roomproof.judge.streaming.tally import Tally


class StreamingRoom:
    """One room of one worker. Times are nanoseconds of one clock; events are told in the order in which they happen."""

    def __init__(
        self,
        room: str,
        started: Started,
        deadline: int,
        *,
        cached_frames: int = CACHED_FRAMES,
        tally: Tally | None = None,
    ) -> None:
        """`deadline` is how long, in nanoseconds, nothing may come of what is due. Rooms may share a tally."""
        self.room = room
        self._deadline = deadline
        self._state = RoomState(started, cached_frames, Tally() if tally is None else tally)
        self._delays = self._state.tally.delays
        self._decoder = Decoder(room, started)
        self._slow_readers = SlowReaders(self._state, deadline)

    def connect(self, opening: Opening) -> StreamingConnection:
        """A connection begins its handshake. Raises ValueError if another one has its user id."""
        self._look_at_the_clock(opening.at)
        connection = self._state.add(opening)
        self._decoder.learn(connection)
        return connection

    def compose(self, connection: StreamingConnection, words: str, at: int, meant: int = 0) -> str:
        """A connection is about to say something; the content that it has to send is returned.

        `meant` is when it was meant to say that, from which `delays` counts; 0 for what is not to be counted.
        """
        self._look_at_the_clock(at)
        connection.said += 1
        self._state.tally.sent += 1
        content = seal(self.room, connection.number, connection.said, words, meant)
        self._slow_readers.says(content)
        self._decoder.expect(
            content, MessageId(self.room, connection.number, connection.said, intact=True, meant=meant)
        )
        return content

    def follow(self, connection: StreamingConnection, data: bytes, at: int, position: int = 0) -> int:
        """A connection received bytes; up to which position they are the frames that it was expected to receive next.

        Nearly every delivery comes through here, and no further: data is compared, never copied. What begins at that
        position is to be cut out, for `received`.
        """
        size = len(data)
        cached_frames, cursor, expected, delays = (
            connection.cached_frames,
            connection.cursor,
            connection.expected,
            self._delays,
        )
        while position < size:
            cached = cached_frames[cursor]
            wire = cached.wire
            # Usually one frame is read at a time: comparing it as a whole is quicker, and no frame is part of another.
            if data != wire and not data.startswith(wire, position):
                break
            position += cached.size
            connection.cursor = cursor = cached.following
            column = cached.column
            if expected[column] == cached.item:
                expected[column] = cached.next_item
                if cached.meant:
                    delays.append(at - cached.meant)
                    cached.timing.last = at
            else:
                self._take_unusual(connection, cached, cached.frame, at)
        return position

    def receive(self, connection: StreamingConnection, frame: bytes, at: int) -> None:
        """A connection received a frame."""
        cached = self._look_up(connection, frame, at)
        if cached is None:
            return
        if connection.evidence_at is None:
            self._take_unusual(connection, cached, frame, at)
            return
        connection.cursor = cached.following
        expected = connection.expected
        if expected[cached.column] == cached.item:
            expected[cached.column] = cached.next_item
            self._time(cached, at)
        else:
            self._take_unusual(connection, cached, frame, at)

    def receive_malformed(self, connection: StreamingConnection, data: bytes, reason: str, at: int) -> None:
        """A connection received something that is no text frame."""
        self._state.find(connection, Kind.MALFORMED, "DELIVER-7", reason, received=(data, at))

    def observe(
        self, connection: StreamingConnection, event: Opened | Refused | Reading | Closing | Dying | Closed
    ) -> None:
        """Something else happens to a connection."""
        was_there = connection.gone_at is None
        connection.live(event)
        match event:
            case Opened():
                self._state.cache_of(event.instance)
                self._state.settle_instance(connection)
            case Refused():
                connection.was_refused = event.status is not None
            case Reading(reads=True):
                self._slow_readers.reads_on(connection)
            case Reading():
                self._slow_readers.stops(connection)
            case Closed():
                judge_close(self._state, connection, event)
            case _:
                pass
        if was_there and connection.gone_at is not None:
            self._part(connection)
        if connection.has_begun_to_end:
            final_accounting.judge_early_leaves(self._state, connection)

    def mark_deleted(self) -> None:
        """Somebody begins to ask for the deletion of the room: from now on nobody is due anything."""
        self._state.deleted = True

    def begin_fault(self, at: int, instances: list[str] | None) -> LiveFaultWindow:
        """Something is about to be broken on purpose; None means that it touches all instances."""
        window = LiveFaultWindow(at, None if instances is None else frozenset(instances))
        self._state.fault_windows.append(window)
        return window

    def end_fault(self, window: LiveFaultWindow, until: int, heal: int) -> None:
        """It was undone before `until`, and the server needs so many nanoseconds to recover."""
        window.is_mended(until, heal, self._state.connections())

    def sweep(self, now: int) -> None:
        """Settle the streams of those who ended a deadline ago, unless something of them is still on its way."""
        for connection in self._state.connections():
            if connection.gone_at is None:
                continue
            self._look_who_waits(connection, now)
            if connection.gone_at + self._deadline <= now and not self._is_coming(connection, now):
                findings = self._state.tally.counts.total()
                final_accounting.settle(self._state, connection)
                self._state.forget(connection)
                self._decoder.forget(connection, now, is_whole=findings == self._state.tally.counts.total())

    def _is_coming(self, sender: StreamingConnection, now: int) -> bool:
        """Whether a slow reader may still find something of a sender, or a slow server has not told all of it.

        A server is slow, and loses nothing, as long as no deadline passes in which nothing missing arrives.
        """
        if self._state.is_awaited(sender, now - self._deadline):
            return True
        return bool(sender.awaited) and sender.came_at + self._deadline > now

    def _look_who_waits(self, sender: StreamingConnection, now: int) -> None:
        """Note when something missing came. Whoever waits no more because it left itself has got nothing."""
        awaited = final_accounting.awaited(self._state, sender)
        if sender.awaited:
            staying = {one.number for one in self._state.receivers if self._state.stays(one)}
            before = [(number, item) for number, item in sender.awaited.items() if number in staying]
            if any(awaited.get(number) != item for number, item in before):
                sender.came_at = now
        sender.awaited = awaited

    def sent_counts(self) -> list[tuple[StreamingConnection, int]]:
        """How much everybody has said who is here."""
        return [(one, one.said) for one in self._state.connections() if one.admitted and one.ended_at is None]

    def has_received_all(self, connection: StreamingConnection, said: list[tuple[StreamingConnection, int]]) -> bool:
        """Whether a connection heard, of all who are still here, as much as they had said.

        Where somebody else is here, it has to be certain, besides, that it hears what they say.
        """
        here = [(one, count) for one, count in said if self._state.columns[one.column] is one and one.ended_at is None]
        if connection.evidence_at is None:
            return all(one is connection for one, _ in here)
        return all(connection.next_of(one.column) > count for one, count in here)

    def is_settled(self) -> bool:
        """Whether all that is due to those who are here has arrived."""
        connections = self._state.connections()
        return not any(
            final_accounting.awaits(self._state, one) or final_accounting.never_joined(self._state, one)
            for one in connections
        )

    def received_count(self) -> int:
        """What those who are here have heard: another number whenever something that is due has arrived."""
        return sum(self._state.heard_of(connection) for connection in self._state.connections())

    def finish(self) -> Tally:
        """Settle everything: nobody says anything more, and what is due had its time."""
        for connection in self._state.connections():
            final_accounting.settle(self._state, connection)
            if final_accounting.never_joined(self._state, connection):
                text = f"nothing shows that {connection.user!r} is a member"
                self._state.find(connection, Kind.NEVER_JOINED, "JOIN-2", text)
        for cache in self._state.caches.values():
            cache.close()
        return self._state.tally

    def _look_at_the_clock(self, at: int) -> None:
        for window in self._state.fault_windows:
            if window.said_when_healed is None and window.over is not None and at >= window.over:
                window.is_healed(self._state.connections())

    def _look_up(self, connection: StreamingConnection, frame: bytes, at: int) -> CachedFrame | None:
        """The cached of a frame that is not where the cursor is; None if it carries no item."""
        cache = self._state.cache_of(connection.instance)
        wire = on_the_wire(frame)
        cached = cache.find(wire) or self._decode(cache, connection, frame, wire, at)
        if cached is not None:
            self._look_whether_it_shows_membership(connection, cached.column, at)
        return cached

    def _look_whether_it_shows_membership(self, connection: StreamingConnection, column: int, at: int) -> None:
        """Any item does; but a server with `history` tells of others those, too, who are no members yet."""
        if connection.evidence_at is None:
            connection.was_told = True
            if column == connection.column or not self._state.replays:
                self._state.show_membership(connection, at)

    def _decode(
        self, cache: FrameCache, connection: StreamingConnection, frame: bytes, wire: bytes, at: int
    ) -> CachedFrame | None:
        decoded = self._decoder.read(frame, connection, at, may_be_old=connection.has_paused or self._state.replays)
        for fault in decoded.faults:
            if fault.kind is not Kind.UNPROVOKED_ERROR or not self._state.is_covered(connection, at):
                received = frame, at
                self._state.find(connection, fault.kind, fault.rule, fault.text, fault.stream, fault.item, received)
        sender, item = decoded.sender, decoded.item
        if sender is None:
            departed = decoded.departed
            again = of_departed(departed, decoded.part, connection, self._state) if departed else None
            if departed and again:
                text = f"something of connection {departed.number}, which had left"
                self._state.find(connection, *again, text, departed.number, received=(frame, at))
            return None
        self._look_whether_it_shows_membership(connection, sender.column, at)
        is_early = item == LEAVE and not sender.has_begun_to_end
        if is_early:
            lapse = decoded.lapse.how if decoded.lapse and decoded.lapse.is_certain else ""
            sender.early_leaves.append(EarlyLeave(connection, at, frame, connection.span_of(sender.column), lapse))
        if is_early and not sender.has_paused:
            return None
        if item == 0 and sender.evidence_at is None:
            self._state.show_membership(sender, at)
        number = sender.leave if item == LEAVE else item
        is_first = item > sender.top
        if is_first:
            sender.top = item
        instance = connection.instance
        if number > sender.high.get(instance, -1):
            sender.high[instance] = number
        if is_early:
            return None
        if decoded.faults or decoded.lapse:  # whoever else gets it has to be judged by what it has got itself
            meant = 0 if decoded.faults else decoded.meant
            self._state.tally.untimed += is_first and meant > 0
            timing = DeliveryTimes(meant, at, at, is_whole=False)
            return CachedFrame(frame, len(frame), 0, sender.column, item, connection.cursor, meant, timing)
        cached = cache.add(wire, len(wire) - len(frame), sender.column, item)
        if decoded.meant:
            if is_first:
                self._slow_readers.came(connection, sender, item, decoded.meant, at)
            is_due = not self._state.may_be_earlier(sender, connection, item)
            self._state.time(cached, decoded.meant, at, is_first=is_first, is_due=is_due)
        return cached

    def _time(self, cached: CachedFrame, at: int) -> None:
        if cached.meant:
            self._delays.append(at - cached.meant)
            cached.timing.last = at

    def _take_unusual(self, connection: StreamingConnection, cached: CachedFrame, frame: bytes, at: int) -> None:
        state = self._state
        column, item = cached.column, cached.item
        sender = state.columns[column]
        if sender is None:
            return
        number = sender.leave if item == LEAVE else item
        was_here = connection.evidence_at is None or connection.expected[column] == cached.next_item
        for kind, rule in take(state, sender, connection, item, at):
            state.find(connection, kind, rule, name_of(sender, number), sender.number, number, (frame, at))
        if not was_here and connection.expected[column] == cached.next_item:
            self._time(cached, at)

    def _part(self, connection: StreamingConnection) -> None:
        """A receiver is gone: what was overtaken is lost to it."""
        self._state.receivers.remove(connection)
        if connection.evidence_at is not None:
            for sender in self._state.connections():
                final_accounting.count_delivered(self._state, sender, connection)
                final_accounting.settle_holes(self._state, sender, connection)

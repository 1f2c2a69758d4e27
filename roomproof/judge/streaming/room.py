"""The streaming judge: judges a room while it is in use, in bounded memory.

It finds what the offline judge finds (docs/oracle.md has the definition and the differences), and for nearly every
frame it only compares bytes. Its evidence is one number for each receiver and sender: the item that should come next.
Each connection of a room has a user id of its own, and sends what `compose` returns.
"""

from collections.abc import Iterator

from roomproof.dialects.frames import Frames
from roomproof.dialects.native import native
from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Refused, Started
from roomproof.judge import texts
from roomproof.judge.findings import Kind
from roomproof.judge.needs import MEMBERSHIP_NS
from roomproof.judge.streaming import final_accounting, sweeping
from roomproof.judge.streaming.closing import judge_close
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.decoding import Decoder
from roomproof.judge.streaming.early_leaves import judge_early_leaves
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.frame_cache import CACHED_FRAMES
from roomproof.judge.streaming.frame_reader import FrameReader
from roomproof.judge.streaming.message_id import MessageId, with_id
from roomproof.judge.streaming.outstanding import Outstanding, outstanding
from roomproof.judge.streaming.slow_readers import SlowReaders
from roomproof.judge.streaming.state import RoomState
from roomproof.judge.streaming.tally import Tally


class StreamingRoom:
    """The judge of one room.

    Times are nanoseconds of one clock; calls come in the order of the events.
    """

    def __init__(
        self,
        room: str,
        started: Started,
        deadline: int,
        *,
        cached_frames: int = CACHED_FRAMES,
        tally: Tally | None = None,
        frames: Frames | None = None,
        membership_ns: int = MEMBERSHIP_NS,
    ) -> None:
        """`deadline`: time in nanoseconds without progress after which items are lost.

        `frames` are those of the service, by default the native ones. `membership_ns`: time after a handshake by which
        a connection is a member, where there is no echo.
        """
        self.room = room
        self._deadline = deadline
        self._state = RoomState(started, cached_frames, Tally() if tally is None else tally, membership_ns)
        self._delays = self._state.tally.delays
        self._decoder = Decoder(room, started, frames or native().frames)
        self._slow_readers = SlowReaders(self._state, deadline)
        self._reader = FrameReader(self._state, self._decoder, self._slow_readers)

    def connect(self, opening: Opening, *, is_named: bool = True) -> StreamingConnection:
        """Add a connection that begins its handshake.

        With `is_named` false, the name by which others know it comes with Opened. Raises ValueError if another one has
        its user id.
        """
        self._heal_faults(opening.at)
        connection = self._state.add(opening)
        self._decoder.add(connection, is_named=is_named)
        return connection

    def knows(self, user: str) -> bool:
        """Whether a connection has this user id, and might still be heard of."""
        return user in self._decoder.users

    def compose(self, connection: StreamingConnection, text: str, at: int, scheduled: int = 0) -> str:
        """Return the content with which a connection sends a text, and note it as sent.

        `scheduled`: time at which the message was to be sent, from which delays count; 0 for an untimed message.
        """
        self._heal_faults(at)
        connection.sent += 1
        connection.last_sent_at = at
        content = with_id(self.room, connection.number, connection.sent, text, scheduled)
        self._slow_readers.note_sent(content)
        self._decoder.expect(
            content, MessageId(self.room, connection.number, connection.sent, intact=True, scheduled=scheduled)
        )
        return content

    def follow(self, connection: StreamingConnection, data: bytes, at: int, position: int = 0) -> int:
        """Record received bytes as far as they are the frames that should come next.

        Returns the position at which they are not. What begins there is to be cut out, for `receive`. Nearly every
        delivery comes through here, and no further: data is compared, never copied.
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
                if cached.scheduled:
                    delays.append(at - cached.scheduled)
                    cached.timing.last = at
            else:
                self._reader.record(connection, cached, cached.frame, at)
        return position

    def receive(self, connection: StreamingConnection, frame: bytes, at: int, *, is_binary: bool = False) -> None:
        """Record a received text frame, or a binary one."""
        cached = self._reader.find(connection, frame, at, is_binary=is_binary)
        if cached is None:
            return
        if connection.evidence_at is None:
            self._reader.record(connection, cached, frame, at)
            return
        connection.cursor = cached.following
        expected = connection.expected
        if expected[cached.column] == cached.item:
            expected[cached.column] = cached.next_item
            self._reader.time(cached, at)
        else:
            self._reader.record(connection, cached, frame, at)

    def receive_malformed(self, connection: StreamingConnection, data: bytes, reason: str, at: int) -> None:
        """Record received data that is no text frame, and why it is none."""
        self._state.report(connection, (Kind.MALFORMED, "DELIVER-7"), reason, received=(data, at))

    def observe(
        self, connection: StreamingConnection, event: Opened | Refused | Reading | Closing | Dying | Closed
    ) -> None:
        """Record any other event of a connection."""
        was_there = connection.gone_at is None
        connection.record(event)
        if connection.number in self._decoder.unnamed:
            self._learn_name(connection)
        match event:
            case Opened():
                self._state.cache_of(event.instance)
                self._state.settle_instance(connection)
            case Reading(reads=True):
                self._slow_readers.note_resumed(connection)
            case Reading():
                self._slow_readers.note_pause(connection)
            case Closed():
                judge_close(self._state, connection, event)
            case _:
                pass
        if was_there and connection.gone_at is not None:
            self._remove_receiver(connection)
        if connection.has_begun_to_end:
            judge_early_leaves(self._state, connection)

    def _learn_name(self, connection: StreamingConnection) -> None:
        """Learn the name of a connection that is open now, or that it has none.

        What was told of users whom nobody knew is received now.
        """
        if connection.opened is not None:
            if not self._decoder.name(connection):
                self._state.note_trouble(connection, texts.one_name_twice(connection.user))
        else:
            self._decoder.give_up_name(connection)
        for receiver, frame, at, is_binary in self._reader.take_unnamed():
            if receiver.gone_at is None:
                self.receive(receiver, frame, at, is_binary=is_binary)

    def _remove_receiver(self, connection: StreamingConnection) -> None:
        """Remove a receiver that is gone. What was overtaken is lost to it."""
        self._state.receivers.remove(connection)
        if connection.evidence_at is not None:
            for sender in self._state.connections():
                final_accounting.settle_holes(self._state, sender, connection)

    def mark_deleted(self) -> None:
        """Note that a client begins to ask for the deletion of the room.

        From now on nobody is due anything.
        """
        self._state.deleted = True

    def begin_fault(self, at: int, instances: list[str] | None) -> LiveFaultWindow:
        """Note that a fault is about to be injected.

        `instances` are those that it touches; None means all.
        """
        window = LiveFaultWindow(at, None if instances is None else frozenset(instances))
        self._state.fault_windows.append(window)
        return window

    def end_fault(self, window: LiveFaultWindow, until: int, heal: int) -> None:
        """Note that a fault was undone.

        That was before `until`; the server may take `heal` nanoseconds to recover.
        """
        window.mend(until, heal, self._state.connections())

    def _heal_faults(self, at: int) -> None:
        """Note the faults that have healed by now, before anything more is sent."""
        for window in self._state.fault_windows:
            if window.sent_when_healed is None and window.over is not None and at >= window.over:
                window.heal(self._state.connections())

    def sweep(self, now: int) -> None:
        """Settle the streams that ended a deadline ago, unless items still arrive."""
        sweeping.sweep(self._state, self._decoder, self._deadline, now)

    def finish(self) -> Tally:
        """Settle everything: nothing more is sent, and what is due had its time."""
        for connection in self._state.connections():
            sweeping.close_stream(self._state, connection)
            if final_accounting.never_joined(self._state, connection):
                text = texts.never_joined(connection.user, has_echo=self._state.has_echo)
                self._state.report(connection, (Kind.NEVER_JOINED, "JOIN-2"), text)
        for cache in self._state.caches.values():
            cache.clear()
        return self._state.tally

    def sent_counts(self) -> list[tuple[StreamingConnection, int]]:
        """The connections in the room, each with the number of messages it has sent."""
        return [(one, one.sent) for one in self._state.connections() if one.admitted and not one.has_ended()]

    def has_received_all(self, connection: StreamingConnection, sent: list[tuple[StreamingConnection, int]]) -> bool:
        """Whether a connection received what those still in the room had sent.

        `sent` is what `sent_counts` returned. If others are in the room, it has to be a member, too. A connection that
        is gone receives nothing more, and nothing is counted for it.
        """
        if connection.gone_at is not None:
            return False
        here = [(one, count) for one, count in sent if self._state.columns[one.column] is one and not one.has_ended()]
        if connection.evidence_at is None:
            return all(one is connection for one, _ in here)
        due = [(one, count) for one, count in here if self._state.is_due_to(one, connection)]
        return all(connection.next_of(one.column) > count for one, count in due)

    def is_settled(self) -> bool:
        """Whether everything has arrived that is due to those who are in the room."""
        state = self._state
        return not any(
            any(final_accounting.lacking(state, one)) or final_accounting.never_joined(state, one)
            for one in state.connections()
        )

    def outstanding(self) -> Iterator[list[Outstanding]]:
        """Yield for each receiver the messages that it is due and lacks so far."""
        return outstanding(self._state)

    def received_count(self) -> int:
        """A number that changes whenever an expected item arrives anywhere in the room."""
        return sum(self._state.progress_of(connection) for connection in self._state.connections())

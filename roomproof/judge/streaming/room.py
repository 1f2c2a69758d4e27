"""The oracle's streaming form: judges a room while it is being talked in, in memory that does not grow with the run.

It finds what the offline form finds (docs/oracle.md has the definition; total order and users with several connections
are left to that), at the cost of comparing bytes for nearly every frame. Evidence is one number for each receiver and
speaker: what should come next. Each connection has a user id of its own, and says what `say` makes of its words.
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
        ledger: Tally | None = None,
    ) -> None:
        """`deadline` is how long, in nanoseconds, nothing may come of what is due. Rooms may share a ledger."""
        self.room = room
        self._deadline = deadline
        self._roster = RoomState(started, cached_frames, Tally() if ledger is None else ledger)
        self._delays = self._roster.ledger.delays
        self._decoder = Decoder(room, started)
        self._slow_readers = SlowReaders(self._roster, deadline)

    def open(self, opening: Opening) -> StreamingConnection:
        """A connection begins its handshake. Raises ValueError if another one has its user id."""
        self._look_at_the_clock(opening.at)
        line = self._roster.add(opening)
        self._decoder.learn(line)
        return line

    def say(self, line: StreamingConnection, words: str, at: int, meant: int = 0) -> str:
        """A connection is about to say something; the content that it has to send is returned.

        `meant` is when it was meant to say that, from which `delays` counts; 0 for what is not to be counted.
        """
        self._look_at_the_clock(at)
        line.said += 1
        self._roster.ledger.sent += 1
        content = seal(self.room, line.number, line.said, words, meant)
        self._slow_readers.says(content)
        self._decoder.expect(content, MessageId(self.room, line.number, line.said, intact=True, meant=meant))
        return content

    def follow(self, line: StreamingConnection, data: bytes, at: int, position: int = 0) -> int:
        """A connection received bytes; up to which position they are the frames that it was expected to receive next.

        Nearly every delivery comes through here, and no further: data is compared, never copied. What begins at that
        position is to be cut out, for `received`.
        """
        size = len(data)
        slots, cursor, expected, delays = line.slots, line.cursor, line.expected, self._delays
        while position < size:
            slot = slots[cursor]
            wire = slot.wire
            # Usually one frame is read at a time: comparing it as a whole is quicker, and no frame is part of another.
            if data != wire and not data.startswith(wire, position):
                break
            position += slot.size
            line.cursor = cursor = slot.following
            column = slot.column
            if expected[column] == slot.item:
                expected[column] = slot.next_item
                if slot.meant:
                    delays.append(at - slot.meant)
                    slot.timing.last = at
            else:
                self._take_unusual(line, slot, slot.frame, at)
        return position

    def received(self, line: StreamingConnection, frame: bytes, at: int) -> None:
        """A connection received a frame."""
        slot = self._look_up(line, frame, at)
        if slot is None:
            return
        if line.evidence_at is None:
            self._take_unusual(line, slot, frame, at)
            return
        line.cursor = slot.following
        expected = line.expected
        if expected[slot.column] == slot.item:
            expected[slot.column] = slot.next_item
            self._time(slot, at)
        else:
            self._take_unusual(line, slot, frame, at)

    def malformed(self, line: StreamingConnection, data: bytes, reason: str, at: int) -> None:
        """A connection received something that is no text frame."""
        self._roster.find(line, Kind.MALFORMED, "DELIVER-7", reason, received=(data, at))

    def observe(self, line: StreamingConnection, event: Opened | Refused | Reading | Closing | Dying | Closed) -> None:
        """Something else happens to a connection."""
        was_there = line.gone_at is None
        line.live(event)
        match event:
            case Opened():
                self._roster.cache_of(event.instance)
                self._roster.settle_instance(line)
            case Refused():
                line.turned_away = event.status is not None
            case Reading(reads=True):
                self._slow_readers.reads_on(line)
            case Reading():
                self._slow_readers.stops(line)
            case Closed():
                judge_close(self._roster, line, event)
            case _:
                pass
        if was_there and line.gone_at is not None:
            self._part(line)
        if line.has_begun_to_end:
            final_accounting.judge_early_leaves(self._roster, line)

    def is_deleted(self) -> None:
        """Somebody begins to ask for the deletion of the room: from now on nobody is due anything."""
        self._roster.deleted = True

    def breaks(self, at: int, instances: list[str] | None) -> LiveFaultWindow:
        """Something is about to be broken on purpose; None means that it touches all instances."""
        outage = LiveFaultWindow(at, None if instances is None else frozenset(instances))
        self._roster.outages.append(outage)
        return outage

    def mends(self, outage: LiveFaultWindow, until: int, heal: int) -> None:
        """It was undone before `until`, and the server needs so many nanoseconds to recover."""
        outage.is_mended(until, heal, self._roster.lines())

    def sweep(self, now: int) -> None:
        """Settle the streams of those who ended a deadline ago, unless something of them is still on its way."""
        for line in self._roster.lines():
            if line.gone_at is None:
                continue
            self._look_who_waits(line, now)
            if line.gone_at + self._deadline <= now and not self._is_coming(line, now):
                findings = self._roster.ledger.counts.total()
                final_accounting.settle(self._roster, line)
                self._roster.forget(line)
                self._decoder.forget(line, now, is_whole=findings == self._roster.ledger.counts.total())

    def _is_coming(self, speaker: StreamingConnection, now: int) -> bool:
        """Whether a slow reader may still find something of a speaker, or a slow server has not told all of it.

        A server is slow, and loses nothing, as long as no deadline passes in which nothing missing arrives.
        """
        if self._roster.is_awaited(speaker, now - self._deadline):
            return True
        return bool(speaker.awaited) and speaker.came_at + self._deadline > now

    def _look_who_waits(self, speaker: StreamingConnection, now: int) -> None:
        """Note when something missing came. Whoever waits no more because it left itself has got nothing."""
        awaited = final_accounting.awaited(self._roster, speaker)
        if speaker.awaited:
            staying = {one.number for one in self._roster.receivers if self._roster.stays(one)}
            before = [(number, item) for number, item in speaker.awaited.items() if number in staying]
            if any(awaited.get(number) != item for number, item in before):
                speaker.came_at = now
        speaker.awaited = awaited

    def said(self) -> list[tuple[StreamingConnection, int]]:
        """How much everybody has said who is here."""
        return [(one, one.said) for one in self._roster.lines() if one.member and one.ended_at is None]

    def has_heard(self, line: StreamingConnection, said: list[tuple[StreamingConnection, int]]) -> bool:
        """Whether a connection heard, of all who are still here, as much as they had said.

        Where somebody else is here, it has to be certain, besides, that it hears what they say.
        """
        here = [(one, count) for one, count in said if self._roster.columns[one.column] is one and one.ended_at is None]
        if line.evidence_at is None:
            return all(one is line for one, _ in here)
        return all(line.next_of(one.column) > count for one, count in here)

    def is_quiet(self) -> bool:
        """Whether all that is due to those who are here has arrived."""
        lines = self._roster.lines()
        return not any(
            final_accounting.awaits(self._roster, one) or final_accounting.never_joined(self._roster, one)
            for one in lines
        )

    def heard(self) -> int:
        """What those who are here have heard: another number whenever something that is due has arrived."""
        return sum(self._roster.heard_of(line) for line in self._roster.lines())

    def finish(self) -> Tally:
        """Settle everything: nobody says anything more, and what is due had its time."""
        for line in self._roster.lines():
            final_accounting.settle(self._roster, line)
            if final_accounting.never_joined(self._roster, line):
                text = f"nothing shows that {line.user!r} is a member"
                self._roster.find(line, Kind.NEVER_JOINED, "JOIN-2", text)
        for cache in self._roster.caches.values():
            cache.close()
        return self._roster.ledger

    def _look_at_the_clock(self, at: int) -> None:
        for outage in self._roster.outages:
            if outage.said_when_healed is None and outage.over is not None and at >= outage.over:
                outage.is_healed(self._roster.lines())

    def _look_up(self, line: StreamingConnection, frame: bytes, at: int) -> CachedFrame | None:
        """The slot of a frame that is not where the cursor is; None if it carries no item."""
        cache = self._roster.cache_of(line.instance)
        wire = on_the_wire(frame)
        slot = cache.find(wire) or self._decode(cache, line, frame, wire, at)
        if slot is not None:
            self._look_whether_it_shows_membership(line, slot.column, at)
        return slot

    def _look_whether_it_shows_membership(self, line: StreamingConnection, column: int, at: int) -> None:
        """Any item does; but a server with `history` tells of others those, too, who are no members yet."""
        if line.evidence_at is None:
            line.was_told = True
            if column == line.column or not self._roster.replays:
                self._roster.show_membership(line, at)

    def _decode(
        self, cache: FrameCache, line: StreamingConnection, frame: bytes, wire: bytes, at: int
    ) -> CachedFrame | None:
        decoded = self._decoder.read(frame, line, at, may_be_old=line.paused_before or self._roster.replays)
        for fault in decoded.faults:
            if fault.kind is not Kind.UNPROVOKED_ERROR or not self._roster.is_covered(line, at):
                received = frame, at
                self._roster.find(line, fault.kind, fault.rule, fault.text, fault.stream, fault.item, received)
        speaker, item = decoded.speaker, decoded.item
        if speaker is None:
            departed = decoded.departed
            again = of_departed(departed, decoded.part, line, self._roster) if departed else None
            if departed and again:
                text = f"something of connection {departed.number}, which had left"
                self._roster.find(line, *again, text, departed.number, received=(frame, at))
            return None
        self._look_whether_it_shows_membership(line, speaker.column, at)
        is_early = item == LEAVE and not speaker.has_begun_to_end
        if is_early:
            lapse = decoded.lapse.how if decoded.lapse and decoded.lapse.is_certain else ""
            speaker.early_leaves.append(EarlyLeave(line, at, frame, line.span_of(speaker.column), lapse))
        if is_early and not speaker.paused_before:
            return None
        if item == 0 and speaker.evidence_at is None:
            self._roster.show_membership(speaker, at)
        number = speaker.leave if item == LEAVE else item
        is_first = item > speaker.top
        if is_first:
            speaker.top = item
        instance = line.instance
        if number > speaker.high.get(instance, -1):
            speaker.high[instance] = number
        if is_early:
            return None
        if decoded.faults or decoded.lapse:  # whoever else gets it has to be judged by what it has got itself
            meant = 0 if decoded.faults else decoded.meant
            self._roster.ledger.untimed += is_first and meant > 0
            timing = DeliveryTimes(meant, at, at, is_whole=False)
            return CachedFrame(frame, len(frame), 0, speaker.column, item, line.cursor, meant, timing)
        slot = cache.add(wire, len(wire) - len(frame), speaker.column, item)
        if decoded.meant:
            if is_first:
                self._slow_readers.came(line, speaker, item, decoded.meant, at)
            is_due = not self._roster.may_be_earlier(speaker, line, item)
            self._roster.time(slot, decoded.meant, at, is_first=is_first, is_due=is_due)
        return slot

    def _time(self, slot: CachedFrame, at: int) -> None:
        if slot.meant:
            self._delays.append(at - slot.meant)
            slot.timing.last = at

    def _take_unusual(self, line: StreamingConnection, slot: CachedFrame, frame: bytes, at: int) -> None:
        roster = self._roster
        column, item = slot.column, slot.item
        speaker = roster.columns[column]
        if speaker is None:
            return
        number = speaker.leave if item == LEAVE else item
        was_here = line.evidence_at is None or line.expected[column] == slot.next_item
        for kind, rule in take(roster, speaker, line, item, at):
            roster.find(line, kind, rule, name_of(speaker, number), speaker.number, number, (frame, at))
        if not was_here and line.expected[column] == slot.next_item:
            self._time(slot, at)

    def _part(self, line: StreamingConnection) -> None:
        """A receiver is gone: what was overtaken is lost to it."""
        self._roster.receivers.remove(line)
        if line.evidence_at is not None:
            for speaker in self._roster.lines():
                final_accounting.count_delivered(self._roster, speaker, line)
                final_accounting.settle_holes(self._roster, speaker, line)

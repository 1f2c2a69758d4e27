"""What one worker does between a start and its end: members come, speak and go, and all they hear is judged."""

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from roomproof.history import Started
from roomproof.http import Http
from roomproof.load.arrivals import Arrivals
from roomproof.load.beat import REFUSALS, Beat
from roomproof.load.clock import started_of
from roomproof.load.coalescing import Coalescing
from roomproof.load.health import Health
from roomproof.load.inbox import Inbox
from roomproof.load.link import RefusedError
from roomproof.load.member import Member
from roomproof.load.options import Options
from roomproof.load.overload import Strain
from roomproof.load.pacer import Pacer
from roomproof.load.percentiles import Counts, counted
from roomproof.load.rooms import LOOK_S, NoRoomError, Room, Rooms
from roomproof.load.words import words_of

if TYPE_CHECKING:
    from roomproof.load.table import Table

BEAT_S = 1.0

FIRST_REASONS = 5
"""So many reasons of failed handshakes are told with each beat."""


class EndedError(Exception):
    """The run is at its end: nobody comes and nobody speaks any more."""


class Session:
    """One run in this process. `tell` is called with every beat, `table` shows Locust what happens."""

    def __init__(
        self, options: Options, run: str, worker: str, index: int, tell: Callable[[Beat], None], table: "Table"
    ) -> None:
        self.options = options
        self.random = random.Random(f"{options.seed}/{index}")
        self.phase = self.random.random()
        self.words = words_of(options.message_bytes, options.seed)
        self.begin = time.monotonic_ns()
        self.ending = False
        self.ended = Event()
        self._run, self._worker, self._index = run, worker, index
        self._tell, self._table = tell, table
        self._numbers = self._speakers = 0
        self._http = Http(options.target)
        self._started: Started = started_of(options.target, self._http)
        self.rooms = Rooms(
            self._http,
            self._started,
            size=options.room_size,
            deadline=options.target.deadline,
            run=run,
            worker=index,
        )
        self.health = Health()
        self._strain = Strain()
        self._counts: Counter[str] = Counter()
        """By the name of the field of a beat."""
        self._reasons: dict[str, list[str]] = {kind: [] for kind in (*REFUSALS, "unanswered")}
        """Why handshakes, and requests for rooms, failed."""
        self._times: dict[str, list[int]] = {"connect": [], "send": [], "leave": []}
        self._arrivals = Arrivals()
        self._outside = 0
        self._is_measured = False
        self._cpu_when_measured = 0.0
        self._measured: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._told_rules: Counter[tuple[str, bool]] = Counter()
        self._told_findings = 0
        self._last_beat = time.monotonic()
        self._is_unheard = False
        self._unfinished = 0
        """Acts that the end has to wait for."""
        self._coming = 0
        """Connections that are being opened: how long that takes is measured as exactly as can be."""
        self._coalescing = Coalescing(lambda: self._coming > 0)
        self._coalescing.start()
        self._inbox = Inbox()
        self._inbox.start()
        self.pacer = Pacer()
        self.health.start()
        self._beating = gevent.spawn(self._beat_on)

    def awaits(self, user: int) -> None:
        """There is a new user, which has a number of its own and tries to get in."""
        self._arrivals.expect(user, time.monotonic())

    def waits_no_more(self, user: int) -> None:
        """A user has got in for the first time, or is stopped before it has."""
        self._arrivals.expect_no_more(user)
        self._measure_if_all_are_in()

    def is_ramped_up(self) -> None:
        """All users are there."""
        self._arrivals.is_ramped_up = True
        self._measure_if_all_are_in()

    def _measure_if_all_are_in(self) -> None:
        """From then on times and the health of this process count."""
        has_begun = self._arrivals.are_complete and self._numbers > 0
        if has_begun and not self._is_measured and not self.ending:
            self._beat()
            self._is_measured = True
            self._strain.begin_to_measure()
            self.health.lag.clear()
            self._cpu_when_measured = self.health.cpu_used

    def next_speaker(self) -> int:
        """How many speakers there were before."""
        self._speakers += 1
        return self._speakers - 1

    def next_number(self) -> int:
        """A number that no other connection of the run has."""
        self._numbers += 1
        return self._index * 100_000_000 + self._numbers

    def come(self) -> Member:
        """A new connection, to a room with a free seat. Raises RefusedError, NoRoomError or EndedError."""
        self.check()
        self._unfinished += 1
        self._coming += 1
        try:
            return self._come()
        finally:
            self._coming -= 1
            self._unfinished -= 1

    def _come(self) -> Member:
        try:
            room, user = self.rooms.seat()
        except NoRoomError as error:
            self._fail(error.request if error.status else "unanswered", str(error))
            raise
        try:
            return self._enter(room, user)
        except BaseException:
            self.rooms.give_back(room)
            raise

    def _enter(self, room: Room, user: str) -> Member:
        addresses = self.options.target.addresses
        source = addresses[room.seated % len(addresses)] if addresses else None
        begin = time.monotonic_ns()
        member = Member(room, self.next_number(), user)
        try:
            member.open(self.options.target, self._inbox, source)
        except RefusedError as error:
            self._fail("unanswered" if error.status is None else "refused", self._refusal(error))
            raise
        self._times["connect"].append(time.monotonic_ns() - begin)
        self._counts["connected"] += 1
        return member

    @staticmethod
    def _refusal(error: RefusedError) -> str:
        return f"status {error.status}: {error}" if error.status else str(error)

    def _fail(self, field: str, reason: str) -> None:
        self._counts[field] += 1
        self._table.fail("connect", reason)
        reasons = self._reasons[field]
        if len(reasons) < FIRST_REASONS and reason not in reasons:
            reasons.append(reason)

    def say(self, member: Member, meant: int) -> None:
        """Speak. Raises OSError if the connection is gone, EndedError."""
        self.check()
        now = time.monotonic_ns()
        member.say(self.words, meant)
        self._counts["sent"] += 1
        self._times["send"].append(now - meant)

    def drain(self, member: Member) -> None:
        """Wait until the server has taken what somebody said. Raises OSError if the connection is gone."""
        self._unfinished += 1
        try:
            member.drain()
        finally:
            self._unfinished -= 1

    def count(self, field: str, number: int = 1) -> None:
        """Something happened that is counted in a field of the beats."""
        self._counts[field] += number

    def leave(self, member: Member) -> None:
        """Leave by a closing handshake, wait until it ends, and give the seat back."""
        was_open = member.is_open
        begin = time.monotonic_ns()
        member.begin_close()
        answered = bool(member.is_gone.wait(self.options.target.deadline))
        if answered and was_open:
            self._times["leave"].append(time.monotonic_ns() - begin)
            self._counts["left"] += 1
        elif not answered and not self.ending:
            member.give_up()
        self.give_back(member)

    def give_back(self, member: Member) -> None:
        """The seat of somebody who is gone is free."""
        self.rooms.give_back(member.room)

    def hear_out(self, member: Member) -> bool:
        """Wait until somebody has heard all that has been said so far; whether that was within the deadline."""
        said = member.room.judge.said()
        deadline = time.monotonic() + self.options.target.deadline
        while time.monotonic() < deadline:
            self.check()
            if member.room.judge.has_heard(member.line, said):
                return True
            gevent.sleep(LOOK_S)
        return False

    def check(self) -> None:
        """Raises EndedError at the end."""
        if self.ending:
            raise EndedError

    def end(self, reason: str) -> None:
        """Fence, judge, and tell it in a last beat. Returns when that is done, whoever began it."""
        if self.ending:
            self.ended.wait()
            return
        self.ending = True
        self._outside = self._arrivals.overdue(time.monotonic() - self.options.target.deadline)
        told = ""
        try:
            self._settle()
            told = reason
        finally:
            self._beating.kill(block=False)
            try:
                self._beat(told)
            finally:
                self.pacer.stop()
                self._coalescing.stop()
                self.health.stop()
                self.rooms.clear()
                self._inbox.stop()
                self.ended.set()

    def _settle(self) -> None:
        deadline = time.monotonic() + self.options.target.deadline
        while self._unfinished and time.monotonic() < deadline:
            gevent.sleep(0.01)
        self.rooms.fence()
        self._is_unheard = not self.rooms.wait_until_quiet()
        self.rooms.judge()

    def _beat_on(self) -> None:
        while True:
            gevent.sleep(BEAT_S)
            self.rooms.sweep()
            self._beat()

    def _beat(self, end: str = "") -> None:
        now = time.monotonic()
        ledger = self.rooms.ledger
        self.health.beat()
        self._strain.note(self.health.demand, self.health.worst_lag_ms)
        beat = Beat(run=self._run, worker=self._worker, is_measured=self._is_measured, end=end)
        beat.is_unheard, beat.outside = self._is_unheard, self._outside
        beat.seconds, self._last_beat = now - self._last_beat, now
        beat.delivered = len(ledger.delays)
        self._counts["untimed"], ledger.untimed = ledger.untimed, 0
        self._count_refusals()
        beat.times = self._take_times()
        if self._is_measured:
            self._measured.update(self._counts)
        for field, count in self._counts.items():
            setattr(beat, field, count)
        self._counts.clear()
        beat.refusals = [reason for kind in REFUSALS for reason in self._reasons[kind]]
        beat.troubles = self._reasons["unanswered"]
        self._reasons = {field: [] for field in self._reasons}
        self._tell_findings(beat)
        beat.sockets = sum(len(room.members) for room in self.rooms.all)
        beat.rooms = len(self.rooms.all)
        beat.crossing = sum(room.is_crossing for room in self.rooms.all)
        beat.instances = sorted({instance for room in self.rooms.all for instance in room.instances} - {""})
        beat.cpu, beat.lag_ms = self.health.cpu, self.health.worst_lag_ms
        beat.cpu_seconds = self.health.cpu_used - self._cpu_when_measured
        beat.rss_grown = self.health.rss_grown
        beat.lag_p99_ms = (self.health.lag.at(99) or 0) / 1_000
        beat.overloaded = self._strain.overloaded(beat.lag_p99_ms, self._measured["sent"], self._measured["dropped"])
        beat.strained = self._strain.strained()
        self._tell(beat)

    def _count_refusals(self) -> None:
        """Those who were let in only to be closed were refused (the second of the ways of REFUSE-1)."""
        for room in self.rooms.all:
            for reason in room.refusals:
                self._fail("refused", reason)
                self._counts["connected"] -= 1
            room.refusals.clear()

    def _take_times(self) -> dict[str, Counts]:
        ledger = self.rooms.ledger
        times = {**self._times, "deliver": ledger.delays, "join": ledger.joins}
        times["last_recipient"] = [one.last - one.meant for one in ledger.spent]
        times["spread"] = [one.last - one.first for one in ledger.spent]
        taken = {}
        for name, values in times.items():
            if values:
                taken[name] = counted(values)
                values.clear()
                self._table.show(name, taken[name])
        ledger.spent.clear()
        return taken

    def _tell_findings(self, beat: Beat) -> None:
        ledger = self.rooms.ledger
        now = Counter({str(kind): count for kind, count in ledger.counts.items()})
        beat.counts, self._told = dict(now - self._told), now
        for (rule, is_fact), count in (ledger.rules - self._told_rules).items():
            (beat.broken if is_fact else beat.late_broken)[rule] = count
        self._told_rules = ledger.rules.copy()
        beat.findings = ledger.findings[self._told_findings :]
        self._told_findings = len(ledger.findings)

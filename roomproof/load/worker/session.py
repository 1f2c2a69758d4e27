"""What one worker does between a start and its end: members come, speak and go, and all they hear is judged."""

import contextlib
import gc
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from roomproof.client.http import Http
from roomproof.history import Started
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import LoadOptions
from roomproof.load.transport.pacing import Pacer
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.schedule import Schedule
from roomproof.load.transport.socket import RefusedError
from roomproof.load.transport.tick_batching import TickBatching
from roomproof.load.worker.member import LoadMember, TooLateError
from roomproof.load.worker.payload import words_of
from roomproof.load.worker.ramp_up import RampUp
from roomproof.load.worker.rooms import LOOK_S, LoadRoom, LoadRooms, NoRoomError
from roomproof.load.worker.server_clock import started_of
from roomproof.load.worker.telemetry import Telemetry

if TYPE_CHECKING:
    from roomproof.load.worker.stats_table import StatsTable

BEAT_S = 1.0


class EndedError(Exception):
    """The run is at its end: nobody comes and nobody speaks any more."""


class WorkerSession:
    """One run in this process. `tell` is called with every beat, `table` shows Locust what happens."""

    def __init__(
        self,
        options: LoadOptions,
        run: str,
        worker: str,
        index: int,
        tell: Callable[[WorkerReport], None],
        table: "StatsTable",
    ) -> None:
        self.options = options
        self.random = random.Random(f"{options.seed}/{index}")
        self.phase = self.random.random()
        self.words = words_of(options.message_bytes, options.seed)
        self.begin = time.monotonic_ns()
        self.ending = False
        self.ended = Event()
        self._index = index
        self._tell = tell
        self._numbers = self._senders = 0
        self._http = Http(options.target)
        self._started: Started = started_of(options.target, self._http)
        self.rooms = LoadRooms(
            self._http,
            self._started,
            size=options.room_size,
            deadline=options.target.deadline,
            run=run,
            worker=index,
        )
        self._telemetry = Telemetry(run, worker, self.rooms, table)
        self._arrivals = RampUp()
        self._outside = 0
        self._is_unheard = False
        self._coming = 0
        """Connections that are being opened: how long that takes is measured as exactly as can be."""
        self._coalescing = TickBatching(self._is_somebody_coming)
        self._coalescing.start()
        self._draining: dict[LoadMember, Schedule] = {}
        """For whom the server does not take what they said."""
        self._seats: dict[LoadMember, LoadRoom] = {}
        """The room in which each member has a seat."""
        self._inbox = ReadLoop(self._telemetry.note_bug)
        self._inbox.start()
        self.pacer = Pacer()
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
        if has_begun and not self._telemetry.is_measured and not self.ending:
            # With thousands of users a collection that looks at all of them stops the generator for half a second.
            gc.freeze()
            self._beat()
            self._telemetry.begin_to_measure()

    def next_sender(self) -> int:
        """How many senders there were before."""
        self._senders += 1
        return self._senders - 1

    def next_number(self) -> int:
        """A number that no other connection of the run has."""
        self._numbers += 1
        return self._index * 100_000_000 + self._numbers

    def come(self) -> LoadMember:
        """A new connection, to a room with a free seat. Raises RefusedError, NoRoomError or EndedError."""
        self.check()
        self._coming += 1
        try:
            return self._come()
        finally:
            self._coming -= 1

    def _come(self) -> LoadMember:
        try:
            room, user = self.rooms.seat()
        except NoRoomError as error:
            self._telemetry.fail(error.count, str(error))
            raise
        try:
            return self._enter(room, user)
        except BaseException:
            self.rooms.give_back(room)
            raise

    def _enter(self, room: LoadRoom, user: str) -> LoadMember:
        addresses = self.options.target.addresses
        source = addresses[room.seated % len(addresses)] if addresses else None
        begin = time.monotonic_ns()
        member = LoadMember(room, self.next_number(), user)
        try:
            member.open(self.options.target, self._inbox, source)
        except RefusedError as error:
            count = Count.UNANSWERED if error.status is None else Count.HANDSHAKES_REFUSED
            self._telemetry.fail(count, self._refusal(error))
            raise
        except TooLateError as error:
            raise EndedError from error
        self._seats[member] = room
        self._telemetry.took(Timing.CONNECT, time.monotonic_ns() - begin)
        self.count(Count.CONNECTED)
        return member

    @staticmethod
    def _refusal(error: RefusedError) -> str:
        return f"status {error.status}: {error}" if error.status else str(error)

    def say(self, member: LoadMember, meant: int, now: int) -> None:
        """Speak now, as it was meant. Raises OSError if the connection is gone."""
        member.say(self.words, meant, now)
        self._telemetry.sent(now - meant)

    def drain(self, member: LoadMember, schedule: Schedule) -> None:
        """Wait until the server has taken what somebody said, who speaks by a schedule. Raises OSError."""
        self._draining[member] = schedule
        try:
            member.drain()
        finally:
            del self._draining[member]

    def count(self, count: Count, number: int = 1) -> None:
        """Add to a counter."""
        self._telemetry.count(count, number)

    def leave(self, member: LoadMember) -> None:
        """Leave by a closing handshake, wait until it ends, and give the seat back."""
        was_open = member.is_open
        begin = time.monotonic_ns()
        member.begin_close()
        answered = bool(member.is_gone.wait(self.options.target.deadline))
        if answered and was_open:
            self._telemetry.took(Timing.LEAVE, time.monotonic_ns() - begin)
            self.count(Count.CLOSED)
        elif not answered and not self.ending:
            member.give_up()
        self.give_back(member)

    def give_back(self, member: LoadMember) -> None:
        """The seat of somebody who is gone is free."""
        self.rooms.give_back(self._seats.pop(member))

    def hear_out(self, member: LoadMember) -> bool:
        """Wait until somebody has heard all that has been said so far; whether that was within the deadline."""
        said = member.room.judge.sent_counts()
        deadline = time.monotonic() + self.options.target.deadline
        while time.monotonic() < deadline:
            self.check()
            if member.room.judge.has_received_all(member.judged, said):
                return True
            gevent.sleep(LOOK_S)
        return False

    def check(self) -> None:
        """Raises EndedError at the end."""
        if self.ending:
            raise EndedError

    def end(self) -> None:
        """Fence, judge, and tell it in a last beat. Returns when that is done, whoever began it."""
        if self.ending:
            self.ended.wait()
            return
        self._beat()
        self.ending = True
        self._outside = self._arrivals.overdue(time.monotonic() - self.options.target.deadline)
        now = time.monotonic_ns()
        self.count(Count.SENDS_BLOCKED, sum(schedule.missed(now) for schedule in self._draining.values()))
        is_settled = False
        with contextlib.ExitStack() as last_things:
            for last_thing in (
                self.ended.set,
                gc.unfreeze,
                self._inbox.stop,
                self.rooms.clear,
                self._telemetry.stop,
                self._coalescing.stop,
                self.pacer.stop,
            ):
                last_things.callback(last_thing)
            try:
                self._settle()
                is_settled = True
            finally:
                self._beating.kill(block=False)
                self._beat(is_last=is_settled)

    def _settle(self) -> None:
        deadline = time.monotonic() + self.options.target.deadline
        while self._is_busy() and time.monotonic() < deadline:
            gevent.sleep(LOOK_S)
        self.rooms.fence()
        self._is_unheard = not self.rooms.wait_until_quiet(self._is_somebody_coming)
        self._inbox.is_closed = True
        self.rooms.judge()

    def _is_somebody_coming(self) -> bool:
        return self._coming > 0

    def _is_busy(self) -> bool:
        """Whether somebody still comes, or waits for the server to take something."""
        return self._is_somebody_coming() or any(member.is_sending for member in self.rooms.members())

    def _beat_on(self) -> None:
        gevent.sleep(BEAT_S)
        # Whoever is to be killed may still be woken; what is judged must not be settled again, nor told after the end.
        while not self._inbox.is_closed:
            self.rooms.sweep()
            self._beat()
            gevent.sleep(BEAT_S)

    def _beat(self, *, is_last: bool = False) -> None:
        beat = self._telemetry.beat(is_last=is_last)
        beat.is_unheard, beat.outside, beat.is_silent = self._is_unheard, self._outside, self.ending
        self._tell(beat)

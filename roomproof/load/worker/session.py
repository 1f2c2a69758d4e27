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
from roomproof.load.worker.payload import payload_text
from roomproof.load.worker.ramp_up import RampUp
from roomproof.load.worker.rooms import POLL_S, LoadRoom, LoadRooms, NoRoomError
from roomproof.load.worker.server_clock import started_of
from roomproof.load.worker.telemetry import Telemetry

if TYPE_CHECKING:
    from roomproof.load.worker.stats_table import StatsTable

REPORT_INTERVAL_S = 1.0


class EndedError(Exception):
    """The run is at its end: nobody comes and nobody speaks any more."""


class WorkerSession:
    """One run in this process. `tell` is called with every report, `table` shows Locust what happens."""

    def __init__(
        self,
        options: LoadOptions,
        run: str,
        worker: str,
        index: int,
        deliver_report: Callable[[WorkerReport], None],
        stats_table: "StatsTable",
    ) -> None:
        self.options = options
        self.random = random.Random(f"{options.seed}/{index}")
        self.phase = self.random.random()
        self.message_text = payload_text(options.message_bytes, options.seed)
        self.started_at = time.monotonic_ns()
        self.is_ending = False
        self.ended = Event()
        self._index = index
        self._deliver_report = deliver_report
        self._connections = self._senders = 0
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
        self._telemetry = Telemetry(run, worker, self.rooms, stats_table)
        self._ramp_up = RampUp()
        self._users_waiting = 0
        self._is_still_delivering = False
        self._connecting = 0
        """Connections that are being opened: how long that takes is measured as exactly as can be."""
        self._batching = TickBatching(self._is_anyone_connecting)
        self._batching.start()
        self._draining: dict[LoadMember, Schedule] = {}
        """For whom the server does not take what they said."""
        self._seats: dict[LoadMember, LoadRoom] = {}
        """The room in which each member has a seat."""
        self._read_loop = ReadLoop(self._telemetry.note_internal_error)
        self._read_loop.start()
        self.pacer = Pacer()
        self._reporter = gevent.spawn(self._report_regularly)

    def user_started(self, user: int) -> None:
        """There is a new user, which has a number of its own and tries to get in."""
        self._ramp_up.user_started(user, time.monotonic())

    def user_connected(self, user: int) -> None:
        """A user has got in for the first time, or is stopped before it has."""
        self._ramp_up.user_settled(user)
        self._measure_if_all_are_in()

    def ramp_up_complete(self) -> None:
        """All users are there."""
        self._ramp_up.all_started = True
        self._measure_if_all_are_in()

    def _measure_if_all_are_in(self) -> None:
        """From then on times and the health of this process count."""
        has_begun = self._ramp_up.is_complete and self._connections > 0
        if has_begun and not self._telemetry.is_measured and not self.is_ending:
            # With thousands of users a collection that looks at all of them stops the generator for half a second.
            gc.freeze()
            self._send_report()
            self._telemetry.start_measuring()

    def next_sender(self) -> int:
        """How many senders there were before."""
        self._senders += 1
        return self._senders - 1

    def next_connection_number(self) -> int:
        """A number that no other connection of the run has."""
        self._connections += 1
        return self._index * 100_000_000 + self._connections

    def connect(self) -> LoadMember:
        """A new connection, to a room with a free seat. Raises RefusedError, NoRoomError or EndedError."""
        self.raise_if_ending()
        self._connecting += 1
        try:
            return self._take_seat_and_connect()
        finally:
            self._connecting -= 1

    def _take_seat_and_connect(self) -> LoadMember:
        try:
            room, user = self.rooms.take_seat()
        except NoRoomError as error:
            self._telemetry.add_failure(error.count, str(error))
            raise
        try:
            return self._open_connection(room, user)
        except BaseException:
            self.rooms.release_seat(room)
            raise

    def _open_connection(self, room: LoadRoom, user: str) -> LoadMember:
        addresses = self.options.target.addresses
        source = addresses[room.seats_given % len(addresses)] if addresses else None
        begin = time.monotonic_ns()
        member = LoadMember(room, self.next_connection_number(), user)
        try:
            member.open(self.options.target, self._read_loop, source)
        except RefusedError as error:
            count = Count.UNANSWERED if error.status is None else Count.HANDSHAKES_REFUSED
            self._telemetry.add_failure(count, self._refusal(error))
            raise
        except TooLateError as error:
            raise EndedError from error
        self._seats[member] = room
        self._telemetry.add_time(Timing.CONNECT, time.monotonic_ns() - begin)
        self.count(Count.CONNECTED)
        return member

    @staticmethod
    def _refusal(error: RefusedError) -> str:
        return f"status {error.status}: {error}" if error.status else str(error)

    def send_message(self, member: LoadMember, meant: int, now: int) -> None:
        """Send now, as it was meant. Raises OSError if the connection is gone."""
        member.send_message(self.message_text, meant, now)
        self._telemetry.add_send(now - meant)

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

    def close(self, member: LoadMember) -> None:
        """Leave by a closing handshake, wait until it ends, and give the seat back."""
        was_open = member.is_open
        begin = time.monotonic_ns()
        member.begin_close()
        answered = bool(member.ended.wait(self.options.target.deadline))
        if answered and was_open:
            self._telemetry.add_time(Timing.LEAVE, time.monotonic_ns() - begin)
            self.count(Count.CLOSED)
        elif not answered and not self.is_ending:
            member.give_up_close()
        self.release_seat(member)

    def release_seat(self, member: LoadMember) -> None:
        """The seat of somebody who is gone is free."""
        self.rooms.release_seat(self._seats.pop(member))

    def wait_for_delivery(self, member: LoadMember) -> bool:
        """Wait until somebody has heard all that has been said so far; whether that was within the deadline."""
        said = member.judge.sent_counts()
        deadline = time.monotonic() + self.options.target.deadline
        while time.monotonic() < deadline:
            self.raise_if_ending()
            if member.judge.has_received_all(member.connection, said):
                return True
            gevent.sleep(POLL_S)
        return False

    def raise_if_ending(self) -> None:
        """Raises EndedError at the end."""
        if self.is_ending:
            raise EndedError

    def end(self) -> None:
        """Fence, judge, and tell it in a last report. Returns when that is done, whoever began it."""
        if self.is_ending:
            self.ended.wait()
            return
        self._send_report()
        self.is_ending = True
        self._users_waiting = self._ramp_up.overdue(time.monotonic() - self.options.target.deadline)
        now = time.monotonic_ns()
        self.count(Count.SENDS_BLOCKED, sum(schedule.missed(now) for schedule in self._draining.values()))
        is_settled = False
        with contextlib.ExitStack() as last_things:
            for last_thing in (
                self.ended.set,
                gc.unfreeze,
                self._read_loop.stop,
                self.rooms.disconnect_all,
                self._telemetry.stop,
                self._batching.stop,
                self.pacer.stop,
            ):
                last_things.callback(last_thing)
            try:
                self._settle()
                is_settled = True
            finally:
                self._reporter.kill(block=False)
                self._send_report(is_last=is_settled)

    def _settle(self) -> None:
        deadline = time.monotonic() + self.options.target.deadline
        while self._is_busy() and time.monotonic() < deadline:
            gevent.sleep(POLL_S)
        self.rooms.fence()
        self._is_still_delivering = not self.rooms.wait_until_quiet(self._is_anyone_connecting)
        self._read_loop.is_closed = True
        self.rooms.finish_judging()

    def _is_anyone_connecting(self) -> bool:
        return self._connecting > 0

    def _is_busy(self) -> bool:
        """Whether somebody still comes, or waits for the server to take something."""
        return self._is_anyone_connecting() or any(member.is_sending for member in self.rooms.members())

    def _report_regularly(self) -> None:
        gevent.sleep(REPORT_INTERVAL_S)
        # Whoever is to be killed may still be woken; what is judged must not be settled again, nor told after the end.
        while not self._read_loop.is_closed:
            self.rooms.sweep()
            self._send_report()
            gevent.sleep(REPORT_INTERVAL_S)

    def _send_report(self, *, is_last: bool = False) -> None:
        report = self._telemetry.report(is_last=is_last)
        report.is_still_delivering = self._is_still_delivering
        report.users_waiting = self._users_waiting
        report.have_senders_stopped = self.is_ending
        self._deliver_report(report)

"""A run in one worker: members connect, send and disconnect, and are judged."""

import contextlib
import gc
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from roomproof.client.http import Http
from roomproof.client.other_protocol import NO_WEBSOCKET, REFUSALS, other_answer_in_dialect, other_handshake_answer
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.session import UserRow
from roomproof.errors import UsageError
from roomproof.history import Started
from roomproof.judge.facts import OLD_TIMESTAMP
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import IDLE_MEMBERS, LoadOptions
from roomproof.load.transport.pacing import Pacer
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.schedule import Schedule
from roomproof.load.transport.socket import RefusedError
from roomproof.load.transport.tick_batching import TickBatching
from roomproof.load.worker.instances import with_instances
from roomproof.load.worker.member import LoadMember, TooLateError, open_member
from roomproof.load.worker.payload import payload_texts
from roomproof.load.worker.ramp_up import RampUp
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.rooms import LoadRooms, NoRoomError
from roomproof.load.worker.server_clock import refused_connection, seconds_moved, started_of
from roomproof.load.worker.telemetry import Telemetry
from roomproof.load.worker.users import LoadUsers, NoFreeUserError
from roomproof.stage.clients import UnexpectedFrontError

if TYPE_CHECKING:
    from roomproof.load.worker.stats_table import StatsTable

REPORT_INTERVAL_S = 1.0

POLL_S = 0.02
"""Seconds between two looks whether something has happened."""

CONNECTIONS_PER_WORKER = 100_000_000
"""Numbers of connections that each worker has to itself."""


FIRST_HANDSHAKE_S, NEWEST_SHARE = 0.005, 0.1
"""The typical handshake before there was any, in seconds, and the share that each new one has in it."""


class EndedError(Exception):
    """The run is ending: no member connects and no member sends any more."""


class WorkerSession:
    """A run in this process. `open_session` makes and starts one.

    `send_report` is called with every report; `stats_table` is that of Locust.
    """

    def __init__(
        self,
        options: LoadOptions,
        run: str,
        worker: str,
        index: int,
        processes: int,
        send_report: Callable[[WorkerReport], None],
        stats_table: "StatsTable",
        http: Http,
        started: Started,
    ) -> None:
        self.options = options
        self.random = random.Random(f"{options.seed}/{index}")
        self.phase = self.random.random()
        self._texts = payload_texts(options.message_bytes, options.seed)
        self._messages = 0
        """Messages sent: their texts take turns, so that every tricky word is sent (DELIVER-5)."""
        self.started_at = time.monotonic_ns()
        self.is_ending = False
        self.ended = Event()
        self._index = index
        self._deliver_report = send_report
        self._connections = self._senders = 0
        self._users: Counter[str] = Counter()
        """Number of users of each class."""
        self.rooms = LoadRooms(
            http,
            started,
            options.target,
            LoadUsers(options.target, index, processes),
            size=options.room_size,
            run=run,
            worker=index,
        )
        self._http, self._started = http, started
        self._clock_moved = 0.0
        self.unreachable = ""
        """Why no connection could be opened when the run began; empty if one could."""
        self.handshake_s = FIRST_HANDSHAKE_S
        """Typical seconds of a handshake, lately."""
        self._has_connected = False
        """Whether the server has ever accepted a handshake, and so speaks our protocol."""
        self._telemetry = Telemetry(run, worker, self.rooms, stats_table)
        self._ramp_up = RampUp()
        self._users_waiting = self._users_connecting = 0
        self._is_still_delivering = False
        self._connecting = 0
        """Connections that are being opened, whose duration is measured as exactly as possible."""
        self._batching = TickBatching(self._is_anyone_connecting)
        self._draining: dict[LoadMember, Schedule] = {}
        """Members that wait for the server to take what they sent."""
        self._seats: dict[LoadMember, LoadRoom] = {}
        """The room in which each member has a seat."""
        self._read_loop = ReadLoop(self._telemetry.note_internal_error)
        self.pacer = Pacer()
        self._reporter: gevent.Greenlet[..., None] | None = None
        self._idle: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Start reading, measuring and reporting."""
        self._telemetry.start()
        self._batching.start()
        self._read_loop.start()
        self._reporter = gevent.spawn(self._report_regularly)
        self._idle = gevent.spawn(self._seat_idle_members)

    def _seat_idle_members(self) -> None:
        """Connect members that say nothing until the fence, if the server lets them in."""
        target = self.options.target
        source = target.clients[0] if target.clients else None
        with contextlib.suppress(
            NoRoomError, NoFreeUserError, RefusedError, LocalTroubleError, UsageError, TooLateError, OSError
        ):
            room = self.rooms.make_idle()
            for _ in range(IDLE_MEMBERS):
                number, user = self.next_connection_number(), self.rooms.take_idle_seat(room)
                member = open_member(room, number, user, target, self._read_loop, source)
                self._telemetry.note_user(number, member.user)
                self._keep_alive(member)
                member.send_message("hello", 0, time.monotonic_ns())  # its echo shows the membership

    def _keep_alive(self, member: LoadMember) -> None:
        """Send the keep-alives of the dialect until a connection ends."""
        seconds = self.options.target.dialect.frames.heartbeat_s
        if seconds is None:
            return
        interval, numbers = round(seconds * 1e9), itertools.count(1)

        def send(now: int) -> int | None:
            return now + interval if member.keep_alive(next(numbers)) else None

        self.pacer.pace(time.monotonic_ns() + interval, send)

    def user_started(self, user: int) -> None:
        """Note a new user that tries to connect; it has a number of its own."""
        self._ramp_up.user_started(user, time.monotonic())

    def user_connected(self, user: int) -> None:
        """Note that a user has connected, for the first time or again."""
        self._ramp_up.user_connected(user)
        self._measure_if_ramped_up()

    def user_stopped(self, user: int) -> None:
        """Note that a user is stopped, connected or not."""
        self._ramp_up.user_stopped(user)
        self._measure_if_ramped_up()

    def ramp_up_complete(self) -> None:
        """Note that all users have started."""
        self._ramp_up.all_started = True
        self._measure_if_ramped_up()

    def _measure_if_ramped_up(self) -> None:
        """Start measuring once all users are connected."""
        is_ramped_up = self._ramp_up.is_complete and self._ramp_up.connected > 0
        if is_ramped_up and not self._telemetry.is_measured and not self.is_ending:
            # With thousands of users a collection that looks at all of them stops the generator for half a second.
            gc.freeze()
            self._send_report()
            self._telemetry.start_measuring()

    def next_sender(self) -> int:
        """The number of a new sender: 0, 1, 2, ..."""
        self._senders += 1
        return self._senders - 1

    def next_user(self, user_class: str) -> int:
        """The number of a new user among those of its class: 0, 1, 2, ..."""
        self._users[user_class] += 1
        return self._users[user_class] - 1

    def next_connection_number(self) -> int:
        """A number that no other connection of the run has."""
        self._connections += 1
        return self._index * CONNECTIONS_PER_WORKER + self._connections

    def connect(self, party: str = "") -> LoadMember:
        """Open a connection to a room with a free seat, or to the room of a party.

        Raises RefusedError, LocalTroubleError, NoRoomError, NoFreeUserError or EndedError.
        """
        self.raise_if_ending()
        self._connecting += 1
        try:
            return self._take_seat_and_connect(party)
        finally:
            self._connecting -= 1

    def _take_seat_and_connect(self, party: str) -> LoadMember:
        try:
            room, user = self.rooms.take_seat(party)
        except NoRoomError as error:
            self._telemetry.add_failure(error.count, str(error))
            raise
        try:
            return self._open_connection(room, user)
        except BaseException:
            self.rooms.release_seat(room, user)
            raise

    def _open_connection(self, room: LoadRoom, user: UserRow) -> LoadMember:
        target = self.options.target
        source = target.clients[room.seats_given % len(target.clients)] if target.clients else None
        number = self.next_connection_number()
        self._telemetry.note_user(number, user.user or "")
        begin = time.monotonic_ns()
        try:
            member = open_member(room, number, user, target, self._read_loop, source)
        except RefusedError as error:
            self._note_refusal(error)
            raise
        except LocalTroubleError as error:
            self._telemetry.add_failure(Count.LOCAL_TROUBLE, str(error))
            raise
        except UsageError as error:
            self._telemetry.add_failure(Count.LOCAL_TROUBLE, str(error))
            raise LocalTroubleError(str(error)) from error
        except TooLateError as error:
            raise EndedError from error
        self._telemetry.note_user(number, member.user)
        self._keep_alive(member)
        self._seats[member] = room
        self._has_connected = True
        taken = time.monotonic_ns() - begin
        self.handshake_s += (taken / 1e9 - self.handshake_s) * NEWEST_SHARE
        self._telemetry.add_time(Timing.CONNECT, taken)
        self.count(Count.CONNECTED)
        return member

    def _note_refusal(self, error: RefusedError) -> None:
        why = None if self._has_connected else self._other_protocol(error)
        if error.is_by_frame and not why:
            self._telemetry.add_failure(Count.HANDSHAKES_REFUSED, f"refused with {error}")
        elif error.status is None or why:
            self._telemetry.add_failure(Count.UNANSWERED, why or str(error))
        else:
            self._telemetry.add_failure(Count.HANDSHAKES_REFUSED, f"status {error.status}: {error}")

    def _other_protocol(self, error: RefusedError) -> str | None:
        """Return why the first handshake's answer is of another protocol; None if of ours.

        Where a target file says how to connect or who the users are, a refusal shows first that the file is wrong.
        """
        dialect, status = self.options.target.dialect, error.status
        if dialect.is_native:
            why = other_handshake_answer(status, str(error))
            if why or dialect.users is None or status not in REFUSALS:
                return why
        if error.is_by_frame:
            return other_answer_in_dialect("the first connection to be let in", str(error))
        if status in NO_WEBSOCKET | REFUSALS:
            return other_answer_in_dialect("101 for the first handshake", f"HTTP status {status} {str(error)!r}")
        return None

    def send_message(self, member: LoadMember, scheduled: int, now: int) -> None:
        """Send a message that was scheduled for this nanosecond.

        Raises OSError if the connection has ended.
        """
        member.send_message(self._texts[self._messages % len(self._texts)], scheduled, now)
        self._messages += 1
        self._telemetry.add_send(now - scheduled)

    def drain(self, member: LoadMember, schedule: Schedule) -> None:
        """Wait until the server has taken what a member sent by its schedule.

        Raises OSError if the connection has ended.
        """
        self._draining[member] = schedule
        try:
            member.drain()
        finally:
            del self._draining[member]

    def count(self, count: Count, number: int = 1) -> None:
        """Add to a counter."""
        self._telemetry.count(count, number)

    def note_trouble(self, reason: str) -> None:
        """Count a trouble of ours, which makes the run inconclusive."""
        self._telemetry.add_failure(Count.LOCAL_TROUBLE, reason)

    def note_script_error(self, count: Count, reason: str) -> None:
        """Count an error of the script: an exception of a task, or a failed request."""
        self._telemetry.add_script_error(count, reason)

    def close(self, member: LoadMember) -> None:
        """Close a connection by a closing handshake, wait for its end, and free the seat."""
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
        """Free the seat of a member whose connection has ended."""
        self.rooms.release_seat(self._seats.pop(member), member.row)

    def wait_for_delivery(self, member: LoadMember) -> bool:
        """Wait until a member has received all that was sent so far.

        Returns False if the deadline passes first, or if the member's connection ends.
        """
        sent = member.judge.sent_counts()
        deadline = time.monotonic() + self.options.target.deadline
        while member.is_open and time.monotonic() < deadline:
            self.raise_if_ending()
            if member.judge.has_received_all(member.connection, sent):
                return True
            gevent.sleep(POLL_S)
        return False

    def raise_if_ending(self) -> None:
        """Raise EndedError if the run is ending."""
        if self.is_ending:
            raise EndedError

    def end(self) -> None:
        """Fence all rooms, judge everything, and send the last report.

        Returns when that is done, whoever began it.
        """
        if self.is_ending:
            self.ended.wait()
            return
        self._begin_ending()
        is_settled = False
        with self._released_afterwards():
            try:
                self._settle()
                is_settled = True
            finally:
                if self._reporter is not None:
                    self._reporter.kill(block=False)
                self._send_report(is_last=is_settled)

    def _begin_ending(self) -> None:
        self._send_report()
        self.is_ending = True
        if self._idle is not None:
            self._idle.kill(block=False)
        self._users_connecting = self._ramp_up.connecting
        self._users_waiting = self._ramp_up.overdue(time.monotonic() - self.options.target.deadline)
        now = time.monotonic_ns()
        self.count(Count.SENDS_BLOCKED, sum(schedule.missed(now) for schedule in self._draining.values()))

    def _released_afterwards(self) -> contextlib.ExitStack:
        """A context that runs these steps on exit, the last first, even if one fails."""
        afterwards = contextlib.ExitStack()
        for step in (
            self.ended.set,
            gc.unfreeze,
            self._read_loop.stop,
            self.rooms.close_all,
            self._telemetry.stop,
            self._batching.stop,
            self.pacer.stop,
        ):
            afterwards.callback(step)
        return afterwards

    def _settle(self) -> None:
        deadline = time.monotonic() + self.options.target.deadline
        while self._is_busy() and time.monotonic() < deadline:
            gevent.sleep(POLL_S)
        self.rooms.fence()
        self._is_still_delivering = not self.rooms.wait_until_quiet(self._is_anyone_connecting)
        self._read_loop.is_closed = True
        self.rooms.finish_judging()
        if any(rule == OLD_TIMESTAMP for rule, _ in self.rooms.tally.rules):
            self._clock_moved = seconds_moved(self._started, self._http)

    def _is_anyone_connecting(self) -> bool:
        return self._connecting > 0

    def _is_busy(self) -> bool:
        """Whether a member still connects, or waits for the server to take something."""
        return self._is_anyone_connecting() or any(member.is_sending for member in self.rooms.members())

    def _report_regularly(self) -> None:
        gevent.sleep(REPORT_INTERVAL_S)
        # A killed greenlet might still be woken; what is judged must not be settled again, nor reported after the end.
        while not self._read_loop.is_closed:
            self.rooms.sweep()
            self._send_report()
            gevent.sleep(REPORT_INTERVAL_S)

    def _send_report(self, *, is_last: bool = False) -> None:
        report = self._telemetry.report(is_last=is_last)
        report.is_still_delivering = self._is_still_delivering
        report.users_waiting, report.users_connecting = self._users_waiting, self._users_connecting
        report.unreachable = "" if self._has_connected else self.unreachable
        report.are_all_texts_sent = self._messages >= len(self._texts)
        report.users_connected = self._ramp_up.connected
        report.clock_moved = self._clock_moved
        report.have_senders_stopped = self.is_ending
        self._deliver_report(report)


def open_session(
    options: LoadOptions,
    run: str,
    worker: str,
    index: int,
    processes: int,
    send_report: Callable[[WorkerReport], None],
    stats_table: "StatsTable",
) -> WorkerSession:
    """Ask the server for its clock and its instances, and start a session.

    `processes` share the users of a file.
    """
    http = Http(options.target)
    trouble = ""
    try:
        options = replace(options, target=with_instances(options.target, http))
    except UnexpectedFrontError as error:
        trouble = str(error)
    session = WorkerSession(
        options, run, worker, index, processes, send_report, stats_table, http, started_of(options.target, http)
    )
    session.unreachable = refused_connection(http)
    if trouble:
        session.note_trouble(trouble)
    session.start()
    return session

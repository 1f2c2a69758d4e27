"""The user class of load scripts, whose verbs are what a member of a room can do."""

import math
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import gevent
from gevent.event import Event
from locust import User, events
from locust.env import Environment
from locust.exception import StopUser

from roomproof.client.tcp import LocalTroubleError
from roomproof.load.controller.controller import controller_of
from roomproof.load.figures.metrics import Count
from roomproof.load.transport.pacing import PacedSender
from roomproof.load.transport.schedule import LATE_NS, Schedule, phase
from roomproof.load.transport.socket import RefusedError
from roomproof.load.worker.member import LoadMember
from roomproof.load.worker.rooms import NoRoomError
from roomproof.load.worker.session import EndedError, WorkerSession
from roomproof.load.worker.users import NoFreeUserError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Seconds between two attempts to join; the pause doubles from the first to the longest."""

REST_STEP_S = 0.2
"""Seconds within which a resting user notices the end of the run."""

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U", bound="RoomUser")


def _verb(act: Callable[Concatenate[U, P], T]) -> Callable[Concatenate[U, P], T]:
    """Let a verb stop its user when the run is ending."""

    def wrapped(self: U, /, *arguments: P.args, **options: P.kwargs) -> T:
        try:
            return act(self, *arguments, **options)
        except EndedError as ended:
            raise StopUser from ended

    wrapped.__doc__ = act.__doc__
    return wrapped


def suggest(**options: str) -> None:
    """Change the defaults of Roomproof's options for a script: `suggest(rate="20")`."""
    events.init_command_line_parser.add_listener(lambda parser, **_: parser.set_defaults(**options))


class RoomUser(User):
    """A user with a seat in a room.

    It joins when it starts, and leaves when it is stopped before the run ends. After it has lost its connection, `say`
    and `keep_talking` join again.
    """

    abstract = True

    party_size = 0
    """Number of users of this class that have a room to themselves, to which they come back; 0 for any room."""

    messages_per_second: float | None = None
    """Maximum number of messages that each user of this class sends in a second; None for the rate of the run."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.session: WorkerSession | None = controller_of(environment).session
        self.member: LoadMember | None = None
        self._schedule = Schedule(0, 0)
        self._blocked_ns = 0
        """Nanoseconds in which the server took nothing, since this user was last on time."""
        self._paced: PacedSender | None = None
        self._period = 0
        self._party, self._turn_phase, self._turn_at = "", 0.0, 0.0
        self.place = 0
        """The number of this user in its party: 0, 1, ..."""
        if self.session is not None:
            self.session.user_started(id(self))
            self._find_party(self.session)

    def _find_party(self, session: WorkerSession) -> None:
        if self.party_size:
            name = type(self).__name__
            number, self.place = divmod(session.next_user(name), self.party_size)
            self._party, self._turn_phase = f"{name}-{number}", phase(number, session.phase)

    def on_start(self) -> None:
        """Join a room, and schedule the first message at a phase of its own."""
        try:
            session = self._session
            self.join()
        except StopUser:
            # Locust would report an exception as an error; it stops the user in a moment.
            Event().wait()
            return
        rate = session.options.rate
        if rate and self.messages_per_second is not None:
            rate = self.messages_per_second
        if rate:
            interval = round(1e9 / rate)
            first = time.monotonic_ns() + round(interval * phase(session.next_sender(), session.phase))
            self._schedule = Schedule(interval, first)

    def on_stop(self) -> None:
        """Leave the room, unless the run is ending."""
        session, member = self.session, self.member
        if session is None or session.is_ending:
            return
        session.user_stopped(id(self))
        if member is not None:
            gevent.spawn(session.close, member)

    @property
    def _session(self) -> WorkerSession:
        if self.session is None or self.session.is_ending:
            raise StopUser
        return self.session

    @property
    def deadline(self) -> float:
        """The seconds that a delivery may take."""
        return self._session.options.target.deadline

    @property
    def handshake_s(self) -> float:
        """The seconds that a handshake takes lately."""
        return self._session.handshake_s

    def wait_time(self) -> float:
        """Return the seconds until the next scheduled message, for Locust."""
        wait = self._schedule.wait(time.monotonic_ns())
        return 1.0 if wait is None else wait

    @_verb
    def join(self) -> None:
        """Join a room; try again until that succeeds or the run ends."""
        pause = FIRST_PAUSE_S
        while True:
            session = self._session
            try:
                self.member = session.connect(self._party)
            except (RefusedError, LocalTroubleError, NoRoomError, NoFreeUserError):
                gevent.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                session.user_connected(id(self))
                self._schedule.skip_past(time.monotonic_ns())
                return

    @_verb
    def say(self) -> None:
        """Send the next message at its time; join again if the connection has ended."""
        now = time.monotonic_ns()
        wait = self._schedule.wait(now)
        if wait is None:
            return
        if wait:
            gevent.sleep(wait)
            now = time.monotonic_ns()
        try:
            self._send(now)
            self._drain()
        except OSError:
            self._reconnect()

    @_verb
    def keep_talking(self) -> None:
        """Send all messages from now on at their times; cheaper than `say` for each.

        Returns when the server has to catch up or the user has joined again: call it again. With a rate of 0 it returns
        only when Locust stops the user.
        """
        paced = self._paced = self._session.pacer.pace(self._schedule.due, self._send_on_time)
        try:
            paced.wait()
            self._drain()
        except OSError:
            self._reconnect()
        finally:
            paced.stop()

    def stop(self, force: bool = False) -> bool:
        """Stop as Locust asks for, and end `keep_talking`."""
        if self._paced is not None:
            self._paced.stop()
        return bool(super().stop(force))

    def _send_on_time(self, now: int) -> int | None:
        """Send; return when to send next, or None if the server must catch up first."""
        self._send(now)
        return None if self.member is None or self.member.is_sending else self._schedule.due

    def _send(self, now: int) -> None:
        """Send the message whose time has come.

        Raises OSError if the connection has ended.
        """
        session, member = self._session, self.member
        behind = now - self._schedule.next_at
        scheduled, skipped = self._schedule.take_next(now)
        if skipped:
            is_blocked = 2 * self._blocked_ns > behind
            session.count(Count.SENDS_BLOCKED if is_blocked else Count.SENDS_DROPPED, skipped)
        if now - scheduled > LATE_NS:
            session.count(Count.SENT_LATE)
        else:
            self._blocked_ns = 0
        if member is None:
            raise ConnectionError("there is no connection")
        session.send_message(member, scheduled, now)

    def _drain(self) -> None:
        """Wait until the server has taken all messages.

        Raises OSError if the connection has ended.
        """
        if self.member is None or not self.member.is_sending:
            return
        begin = time.monotonic_ns()
        try:
            self._session.drain(self.member, self._schedule)
        finally:
            self._blocked_ns += time.monotonic_ns() - begin

    def _reconnect(self) -> None:
        """Join again after the server, or the network, ended the connection."""
        session, member, self.member = self._session, self.member, None
        if member is not None:
            session.release_seat(member)
        gevent.sleep(FIRST_PAUSE_S)
        self.join()

    @_verb
    def leave(self) -> None:
        """Leave the room by a closing handshake, and wait for its end."""
        member, self.member = self.member, None
        if member is not None:
            self._session.close(member)

    @_verb
    def die(self, how: str) -> None:
        """End the connection without a Close frame, in order (fin) or by a reset (rst)."""
        session, member, self.member = self._session, self.member, None
        if member is not None:
            if member.is_open:
                member.break_link(how)
                session.count(Count.DISCONNECTED)
            session.release_seat(member)

    @_verb
    def hear_out(self) -> bool:
        """Wait until this user has received all that was sent so far.

        Returns False if the deadline passes first. Then the user should stay: what a member still lacks is not judged
        once it has left.
        """
        session, member = self._session, self.member
        received = member is not None and session.wait_for_delivery(member)
        self._schedule.skip_past(time.monotonic_ns())
        return received

    @_verb
    def stop_reading(self) -> None:
        """Read nothing until `read_on` is called."""
        session, member = self._session, self.member
        if member is not None and member.is_open:
            member.set_reading(reads=False)
            session.count(Count.READING_PAUSED)

    @_verb
    def read_on(self) -> None:
        """Read again after `stop_reading`."""
        self._session.raise_if_ending()
        if self.member is not None:
            self.member.set_reading(reads=True)

    @_verb
    def rest(self, seconds: float) -> None:
        """Do nothing for a number of seconds, and leave out the messages of that time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._session.raise_if_ending()
            gevent.sleep(min(REST_STEP_S, max(0.0, until - time.monotonic())))
        self._schedule.skip_past(time.monotonic_ns())

    def rest_up_to(self, seconds: float) -> None:
        """Do nothing for a random time of at most this many seconds."""
        self.rest(self._session.random.uniform(0, seconds))

    def wait_for_turn(self, seconds: float) -> int:
        """Wait for the next turn of the party of this user, one every so many seconds.

        Returns the number of the turn. The turns of different parties begin at different times.
        """
        began_at = self._session.started_at / 1e9 + self._turn_phase * seconds
        number = math.floor((time.monotonic() - began_at) / seconds) + 1
        self._turn_at = began_at + number * seconds
        self.rest_until(0)
        return number

    def rest_until(self, seconds: float) -> None:
        """Do nothing until this many seconds after the last turn or common period began."""
        self.rest(self._turn_at + seconds - time.monotonic())

    def is_time_for_all(self, seconds: float) -> bool:
        """Whether a new period of this many seconds, common to all users, has begun."""
        period = int((time.monotonic_ns() - self._session.started_at) / 1e9 / seconds)
        is_new, self._period = period != self._period, period
        self._turn_at = self._session.started_at / 1e9 + period * seconds
        return is_new and period > 0

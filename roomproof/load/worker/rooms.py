"""Makes the rooms of one worker, fills their seats, and brings them to their end."""

import time
from collections.abc import Callable, Iterator, Sequence

import gevent
from gevent.lock import BoundedSemaphore

from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.client.other_protocol import other_answer_in_dialect, other_room_answer
from roomproof.client.redaction import without_secrets
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.rooms import Request
from roomproof.dialects.session import Session, UserRow
from roomproof.errors import UsageError
from roomproof.history import Started
from roomproof.judge.needs import MEMBERSHIP_NS
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.judge.streaming.tally import Tally
from roomproof.load.figures.metrics import Count
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.load.worker.member import LoadMember
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.users import LoadUsers

MIN_CACHED, MAX_CACHED = 32, 256
"""Frames that the judge of the smallest and of the largest rooms keeps in its cache."""

FIRST_POLL_S, LAST_POLL_S = 0.02, 0.5
"""The pause between two looks whether everything has arrived; it doubles from the first to the last."""

PARTICIPANTS_PER_REQUEST = 100
"""Participants that are added in one request, which every server takes (PARTICIPANTS-1)."""

GOODBYE_S = 1.0
"""Seconds that the server has to answer the last Close frames."""


class NoRoomError(Exception):
    """The server did not make a room, or did not add participants to it.

    `count` is the counter of this failure.
    """

    def __init__(self, count: Count, reason: str) -> None:
        super().__init__(reason)
        self.count = count


class LoadRooms:
    """All rooms of one worker, made when a user needs a seat and none is free."""

    def __init__(
        self, http: Http, started: Started, target: Target, users: LoadUsers, *, size: int, run: str, worker: int
    ) -> None:
        self._http = http
        self._started = started
        self._target = target
        self._dialect = target.dialect
        self._users = users
        self._size = size
        self.deadline = target.deadline
        self._run, self._worker = run, worker
        self._seating = BoundedSemaphore()
        self._with_free_seats: dict[LoadRoom, None] = {}
        self._of_parties: dict[str, LoadRoom] = {}
        """The rooms that one party of users has to itself, by the party."""
        self.tally = Tally()
        self.all: list[LoadRoom] = []

    def take_seat(self, party: str = "") -> tuple[LoadRoom, UserRow]:
        """Take a free seat; return its room and its user.

        A party has a room of its own, always the same one, with a seat for everybody. Raises NoRoomError and
        NoFreeUserError.
        """
        with self._seating:
            room = self._room_of(party) if party else next(iter(self._with_free_seats), None) or self._make()
            user = self._seat(room)
            if room.seats_taken >= self._size:
                self._with_free_seats.pop(room, None)
            return room, user

    def take_idle_seat(self, room: LoadRoom) -> UserRow:
        """Take a seat in an idle room; return its user.

        Raises NoRoomError and NoFreeUserError.
        """
        with self._seating:
            return self._seat(room)

    def _seat(self, room: LoadRoom) -> UserRow:
        if self._users.keeps_names and room.seats_given == room.participants_added:
            self._add_next_participants(room)
        try:
            user = self._users.take(room.user(room.seats_given), lambda row: self._is_known(room, row))
        except UsageError as error:
            raise NoRoomError(Count.LOCAL_TROUBLE, str(error)) from error
        try:
            self._check_is_new(room, user)
            if not self._users.keeps_names and user.user not in room.participants:
                self._add_participants(room, [user])
                room.participants.add(user.user or "")
        except BaseException:
            self._users.give_back(user)
            raise
        room.seats_taken += 1
        room.seats_given += 1
        return user

    def _check_is_new(self, room: LoadRoom, user: UserRow) -> None:
        """Raise NoRoomError for a user who is in the room already."""
        if self._is_known(room, user):
            sentence = f"expected a user of its own for each connection, got {user.user!r} again; correct [users]"
            raise NoRoomError(Count.LOCAL_TROUBLE, sentence)

    def _is_known(self, room: LoadRoom, user: UserRow) -> bool:
        """Whether a user might still be heard of in a room."""
        name = self._dialect.known_beforehand(Session(room.id, user))
        return name is not None and room.judge.knows(name)

    def make_idle(self) -> LoadRoom:
        """Make a room whose members say nothing. Raises NoRoomError.

        Its findings count like all others, its times do not.
        """
        tally = self.tally
        apart = Tally(tally.counts, tally.rules, tally.violations, tally.findings, troubles=tally.troubles)
        with self._seating:
            room = self._make(apart, has_party=True)
            room.is_idle = True
        return room

    def _room_of(self, party: str) -> LoadRoom:
        if party not in self._of_parties:
            self._of_parties[party] = self._make(has_party=True)
        return self._of_parties[party]

    def release_seat(self, room: LoadRoom, user: UserRow) -> None:
        """Free a seat whose user has left."""
        self._users.give_back(user)
        room.seats_taken -= 1
        room.has_departures = True
        if not room.has_party:
            self._with_free_seats[room] = None

    def _make(self, tally: Tally | None = None, *, has_party: bool = False) -> LoadRoom:
        chat_id = self._create()
        cached = MIN_CACHED
        while cached < min(4 * self._size, MAX_CACHED):
            cached *= 2
        deadline = round(self.deadline * 1e9)
        judge = StreamingRoom(
            chat_id,
            self._started,
            deadline,
            cached_frames=cached,
            tally=tally or self.tally,
            frames=self._dialect.frames,
            membership_ns=max(MEMBERSHIP_NS, deadline),
        )
        room = LoadRoom(chat_id, f"{self._run}-{self._worker}-{len(self.all)}", judge)
        room.has_party = has_party
        self.all.append(room)
        if not has_party:
            self._with_free_seats[room] = None
        return room

    def _create(self) -> str:
        """Make a room, unless rooms need not be made; return its id."""
        rooms = self._dialect.rooms
        random = f"{self._run}-{self._worker}-{len(self.all)}"
        creator = self._creator()
        request = rooms.create(f"Roomproof {self._run}", creator, random)
        if request is None:
            return rooms.id_of(None, random) or random
        answer = self._send(request, creator, Count.ROOMS_REFUSED)
        chat_id = rooms.id_of(answer.json(), random)
        if chat_id is None:
            raise self._refused(request, creator, answer, Count.ROOMS_REFUSED)
        return chat_id

    def _creator(self) -> UserRow:
        try:
            return self._users.creator()
        except UsageError as error:
            raise NoRoomError(Count.LOCAL_TROUBLE, str(error)) from error

    def _add_next_participants(self, room: LoadRoom) -> None:
        """Add the next users as participants, as a server may demand."""
        # A party comes again and again, always as new users; its handshakes should wait for no request.
        number = PARTICIPANTS_PER_REQUEST if room.has_party else min(self._size, PARTICIPANTS_PER_REQUEST)
        numbers = range(room.participants_added, room.participants_added + number)
        try:
            users = [self._users.named(room.user(number)) for number in numbers]
        except UsageError as error:
            raise NoRoomError(Count.LOCAL_TROUBLE, str(error)) from error
        self._add_participants(room, users)
        room.participants_added = numbers.stop

    def _add_participants(self, room: LoadRoom, users: Sequence[UserRow]) -> None:
        creator = self._creator()
        for request in self._dialect.rooms.add(room.id, users, creator):
            self._send(request, creator, Count.PARTICIPANTS_REFUSED)

    def _send(self, request: Request, creator: UserRow, if_refused: Count) -> Answer:
        try:
            answer = self._http.send(request)
        except UnreachableError as error:
            raise NoRoomError(Count.UNANSWERED, str(error)) from error
        except LocalTroubleError as error:
            raise NoRoomError(Count.LOCAL_TROUBLE, str(error)) from error
        if if_refused is Count.ROOMS_REFUSED and not self.all and (why := self._other_protocol(request, answer)):
            raise NoRoomError(Count.UNANSWERED, without_secrets(why, Session("", creator)))
        if not answer.ok:
            raise self._refused(request, creator, answer, if_refused)
        return answer

    def _other_protocol(self, request: Request, answer: Answer) -> str | None:
        """Return why the first answer is of another protocol; None if it is of ours."""
        if self._dialect.is_native:
            return other_room_answer(answer)
        is_there = answer.ok and self._dialect.rooms.id_of(answer.json(), "") is not None
        what = f"2xx with the id of a room for {request.shown} of [room] in {self._dialect.name}"
        return None if is_there else other_answer_in_dialect(what, str(answer))

    @staticmethod
    def _refused(request: Request, creator: UserRow, answer: Answer, count: Count) -> NoRoomError:
        return NoRoomError(count, without_secrets(f"{request.shown} was answered with {answer}", Session("", creator)))

    def members(self) -> Iterator[LoadMember]:
        """All members whose connections are open."""
        return (member for room in self.all for member in list(room.members))

    def sweep(self) -> None:
        """Settle the streams of members that left long enough ago."""
        now = time.monotonic_ns()
        for room in self.all:
            if room.has_departures:
                room.judge.sweep(now)

    def fence(self) -> None:
        """Have one member of each room send a last message, which is due to all others.

        In an idle room, everybody sends one.

        Returns when all have been sent. A server that takes nothing is given up after the deadline: nothing may be sent
        once the judging begins.
        """
        senders = []
        for room in self.all:
            able = [member for member in room.members if member.is_open and member.connection.reads]
            senders += [gevent.spawn(_send_fence, member) for member in (able if room.is_idle else able[:1])]
        gevent.joinall(senders, timeout=self.deadline)
        gevent.killall(senders)

    def wait_until_quiet(self, is_anyone_connecting: Callable[[], bool]) -> bool:
        """Wait until all that is due has arrived, or nothing has arrived for one deadline.

        Every new member makes more due. Returns False if the server still delivers after PATIENCE deadlines.
        """
        pause = FIRST_POLL_S
        progress, now = (-1, -1), time.monotonic()
        until, at_last = now + self.deadline, now + PATIENCE * self.deadline
        while now < until:
            if now > at_last:
                return False
            gevent.sleep(pause)
            if not is_anyone_connecting() and all(room.judge.is_settled() for room in self.all):
                return True
            pause = min(2 * pause, LAST_POLL_S)
            now = time.monotonic()
            before, progress = progress, self._progress()
            if progress != before:
                until = now + self.deadline
        return True

    def _progress(self) -> tuple[int, int]:
        """The items received and the connections open so far."""
        return sum(room.judge.received_count() for room in self.all), len(list(self.members()))

    def finish_judging(self) -> None:
        """Stop reading everywhere, and settle everything."""
        for member in self.members():
            member.stop_reading()
        for room in self.all:
            room.judge.finish()
            gevent.sleep(0)

    def close_all(self) -> None:
        """Close all connections after everything has been judged, within about GOODBYE_S."""
        leaving = list(self.members())
        for member in leaving:
            member.send_goodbye()
        with gevent.Timeout(GOODBYE_S, False):
            for member in leaving:
                member.ended.wait()
        for member in leaving:
            member.drop_link()


def _send_fence(member: LoadMember) -> None:
    try:
        member.send_message("fence", 0, time.monotonic_ns())
        member.drain()
    except OSError:
        return  # the connection has just ended, which is on record

"""The rooms of this worker: which of them have free seats, and their end."""

import time
from collections.abc import Callable, Iterator

import gevent
from gevent.lock import BoundedSemaphore

from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.history import Started
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.judge.streaming.tally import Tally
from roomproof.load.figures.metrics import Count
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.load.worker.member import LoadMember

MIN_CACHED, MAX_CACHED = 32, 256
"""So many frames are remembered in the smallest and in the largest rooms."""

POLL_S = 0.02
"""So often it is looked whether everything has arrived, at first."""


PARTICIPANTS_PER_REQUEST = 100
"""So many participants are added to a room at a time."""


class NoRoomError(Exception):
    """The server did not make a room, or did not add participants to it; `count` says in which counter this counts."""

    def __init__(self, count: Count, reason: str) -> None:
        super().__init__(reason)
        self.count = count


class LoadRoom:
    """A room, its judge, and who is in it."""

    def __init__(self, chat_id: str, users: str, judge: StreamingRoom) -> None:
        self.id = chat_id
        self.judge = judge
        self._users = users
        self.seats_taken = 0
        """Seats that are taken."""
        self.members: set[LoadMember] = set()
        """Those whose connections are open."""
        self.seats_given = 0
        """How many ever took a seat."""
        self.participants_added = 0
        """So many of those who take a seat one after the other are participants."""
        self.sources: set[str] = set()
        self.instances: set[str] = set()
        self.refusals: list[str] = []
        """How connections were closed that the server had accepted to refuse them, until somebody takes them out."""
        self.has_departures = False
        """Whether there may be streams to settle."""

    def user(self, number: int) -> str:
        """Who takes a seat after so many others."""
        return f"{self._users}-{number}"

    def add(self, member: LoadMember, source: str | None) -> None:
        """Add a member whose handshake has succeeded, from this source address."""
        self.members.add(member)
        self.instances.add(member.instance)
        if source:
            self.sources.add(source)

    def remove(self, member: LoadMember) -> None:
        """Remove a member whose connection has ended."""
        self.members.discard(member)

    def note_refusal(self, reason: str) -> None:
        """Keep the reason why the server closed a connection to refuse it."""
        self.refusals.append(reason)

    @property
    def spans_instances(self) -> bool:
        """Whether its members came from several addresses and reached several instances."""
        return len(self.sources) > 1 and len(self.instances) > 1


class LoadRooms:
    """All rooms of this worker. They are made when somebody needs a seat."""

    def __init__(self, http: Http, started: Started, *, size: int, deadline: float, run: str, worker: int) -> None:
        self._http = http
        self._started = started
        self._size = size
        self._deadline = deadline
        self._run, self._worker = run, worker
        self._making = BoundedSemaphore()
        self._with_free_seats: dict[LoadRoom, None] = {}
        self.tally = Tally()
        self.all: list[LoadRoom] = []

    def take_seat(self) -> tuple[LoadRoom, str]:
        """A room with a free seat, which is taken from now on, and by whom. Raises NoRoomError."""
        with self._making:
            room = next(iter(self._with_free_seats), None) or self._make()
            if room.seats_given == room.participants_added:
                self._add_participants(room)
            user = room.user(room.seats_given)
            room.seats_taken += 1
            room.seats_given += 1
            if room.seats_taken >= self._size:
                self._with_free_seats.pop(room, None)
            return room, user

    def release_seat(self, room: LoadRoom) -> None:
        """A seat is free again."""
        room.seats_taken -= 1
        room.has_departures = True
        self._with_free_seats[room] = None

    def _make(self) -> LoadRoom:
        answer = self._post(
            "/api/chats", {"name": f"Roomproof {self._run}", "created_by": "roomproof"}, Count.ROOMS_REFUSED
        )
        chat_id = answer.fields().get("id")
        if not isinstance(chat_id, str):
            raise NoRoomError(Count.ROOMS_REFUSED, f"POST /api/chats was answered with {answer}")
        cached = MIN_CACHED
        while cached < min(4 * self._size, MAX_CACHED):
            cached *= 2
        deadline = round(self._deadline * 1e9)
        judge = StreamingRoom(chat_id, self._started, deadline, cached_frames=cached, tally=self.tally)
        room = LoadRoom(chat_id, f"{self._run}-{self._worker}-{len(self.all)}", judge)
        self.all.append(room)
        self._with_free_seats[room] = None
        return room

    def _add_participants(self, room: LoadRoom) -> None:
        """Add those who take the next seats, before they connect: a server may demand it."""
        several = range(room.participants_added, room.participants_added + min(self._size, PARTICIPANTS_PER_REQUEST))
        body: dict[str, object] = {"participant_ids": [room.user(number) for number in several]}
        self._post(f"/api/chats/{room.id}/participants", body, Count.PARTICIPANTS_REFUSED)
        room.participants_added = several.stop

    def _post(self, path: str, body: dict[str, object], if_refused: Count) -> Answer:
        try:
            answer = self._http.request("POST", path, body)
        except UnreachableError as error:
            raise NoRoomError(Count.UNANSWERED, str(error)) from error
        if not answer.ok:
            raise NoRoomError(if_refused, f"POST {path} was answered with {answer}")
        return answer

    def members(self) -> Iterator[LoadMember]:
        """Everybody whose connection is open."""
        return (member for room in self.all for member in list(room.members))

    def sweep(self) -> None:
        """Settle the streams of those who left long enough ago."""
        now = time.monotonic_ns()
        for room in self.all:
            if room.has_departures:
                room.judge.sweep(now)

    def fence(self) -> None:
        """In every room somebody says a last thing, which has to reach all the others. Returns when all have said it.

        Nothing may be said any more when everything is judged; where the server takes nothing, it is not waited for.
        """
        senders = []
        for room in self.all:
            sender = next((one for one in room.members if one.is_open and one.connection.reads), None)
            if sender is not None:
                senders.append(gevent.spawn(_send_fence, sender))
        gevent.joinall(senders, timeout=self._deadline)
        gevent.killall(senders)

    def wait_until_quiet(self, is_connecting: Callable[[], bool]) -> bool:
        """Returns when everything that is due has arrived, or a deadline has passed in which nothing of it did.

        Whoever still comes makes more of it due. A slow server has its time; False if it needs more than PATIENCE
        deadlines, and something still arrives.
        """
        pause = POLL_S
        heard, now = (-1, -1), time.monotonic()
        until, at_last = now + self._deadline, now + PATIENCE * self._deadline
        while now < until:
            if now > at_last:
                return False
            gevent.sleep(pause)
            if not is_connecting() and all(room.judge.is_settled() for room in self.all):
                return True
            pause = min(2 * pause, 0.5)
            now = time.monotonic()
            before, heard = heard, (sum(room.judge.received_count() for room in self.all), len(list(self.members())))
            if heard != before:
                until = now + self._deadline
        return True

    def finish_judging(self) -> None:
        """Settle everything. Nobody listens any more."""
        for member in self.members():
            member.stop_reading()
        for room in self.all:
            room.judge.finish()
            gevent.sleep(0)

    def disconnect_all(self) -> None:
        """Everybody leaves, now that all is judged. Takes about a second at most."""
        leaving = list(self.members())
        for member in leaving:
            member.send_goodbye()
        patience = gevent.Timeout(1.0, False)
        with patience:
            for member in leaving:
                member.ended.wait()
        for member in leaving:
            member.drop_link()


def _send_fence(member: LoadMember) -> None:
    try:
        member.send_message("fence", 0, time.monotonic_ns())
        member.drain()
    except OSError:
        return  # it has just ended, which is on record

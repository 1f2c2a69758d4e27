"""The end of all rooms: fences are sent, and a slow server has some time."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gevent
import pytest

from roomproof.client.http import Answer, Http
from roomproof.client.target import Target
from roomproof.client.target_file import read_target
from roomproof.dialects.rooms import Request
from roomproof.history import Started
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.load.worker import rooms as rooms_module
from roomproof.load.worker.member import LoadMember
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.rooms import LAST_POLL_S, LoadRooms, NoRoomError
from roomproof.load.worker.users import LoadUsers


class Sender:
    """As much of a member as a fence needs."""

    is_open = True
    connection = SimpleNamespace(reads=True)

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.sent: list[str] = []
        self._is_stuck = is_stuck

    def send_message(self, text: str, *_: int) -> None:
        if self._is_stuck:
            gevent.sleep(60)
        self.sent.append(text)


def made(
    http: Http, *, target: Target | None = None, size: int = 1, deadline: float = 1.0, worker: int = 0, workers: int = 1
) -> LoadRooms:
    """Return the rooms of a worker."""
    target = replace(target or Target("http://chat.test"), deadline=deadline)
    users = LoadUsers(target, worker, workers)
    return LoadRooms(http, Started(), target, users, size=size, run="run", worker=worker)


def rooms_of(senders: list[Sender], *, deadline: float) -> LoadRooms:
    rooms = made(cast(Http, None), deadline=deadline)
    for sender in senders:
        room = LoadRoom("chat", "users", cast(Any, None))
        room.members.add(cast(LoadMember, sender))
        rooms.all.append(room)
    return rooms


def test_all_fences_of_thousands_of_rooms_are_sent() -> None:
    senders = [Sender() for _ in range(5_000)]

    rooms_of(senders, deadline=60).fence()

    assert all(sender.sent == ["fence"] for sender in senders)


def test_a_stuck_fence_is_given_up_and_not_sent_later() -> None:
    """A server that takes nothing must not hold up the end."""
    stuck, free = Sender(is_stuck=True), Sender()

    rooms_of([stuck, free], deadline=1).fence()
    gevent.sleep(0.01)

    assert (stuck.sent, free.sent) == ([], ["fence"])


class Clock:
    """A clock that stands still except while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which rooms wait."""
    clock = Clock()
    monkeypatch.setattr(rooms_module, "time", clock)
    monkeypatch.setattr(rooms_module, "gevent", clock)
    return clock


class Backlog:
    """As much of a judge as the waiting needs; at each look one item more has arrived."""

    def __init__(self, *, items: int, is_complete: bool) -> None:
        self._left, self._is_complete = items, is_complete
        self.looks = 0

    def is_settled(self) -> bool:
        self.looks += 1
        self._left = max(0, self._left - 1)
        return self._is_complete and not self._left

    def received_count(self) -> int:
        return -self._left


def waiting_for(backlog: Backlog, *, deadline: float) -> LoadRooms:
    rooms = made(cast(Http, None), deadline=deadline)
    rooms.all.append(LoadRoom("chat", "users", cast(Any, backlog)))
    return rooms


def nobody_connects() -> bool:
    return False


@pytest.mark.usefixtures("clock")
def test_a_slow_server_has_its_time_as_long_as_it_delivers() -> None:
    backlog = Backlog(items=7, is_complete=True)

    assert waiting_for(backlog, deadline=0.7).wait_until_quiet(nobody_connects)
    assert backlog.looks == 7


def test_missing_items_are_waited_for_one_deadline(clock: Clock) -> None:
    """The deadline begins when the last item has arrived."""

    class Stopping(Backlog):
        stopped_at = 0.0

        def is_settled(self) -> bool:
            if self._left:
                self.stopped_at = clock.now
            return super().is_settled()

    backlog = Stopping(items=3, is_complete=False)

    assert waiting_for(backlog, deadline=0.3).wait_until_quiet(nobody_connects)
    assert 0.3 <= clock.now - backlog.stopped_at < 0.3 + LAST_POLL_S


def test_an_endless_server_is_given_up_after_some_deadlines(clock: Clock) -> None:
    assert not waiting_for(Backlog(items=10_000, is_complete=False), deadline=1).wait_until_quiet(nobody_connects)
    assert PATIENCE < clock.now <= PATIENCE + LAST_POLL_S


@pytest.mark.usefixtures("clock")
def test_a_quiet_room_is_waited_for_again_once_it_is_not() -> None:
    """A member that connects while others still wait has its time as well."""

    class Reopened(Backlog):
        def is_settled(self) -> bool:
            quiet = super().is_settled()
            return quiet or self.looks == 1

    reopened = Reopened(items=6, is_complete=True)
    rooms = waiting_for(reopened, deadline=0.7)
    rooms.all.append(LoadRoom("other", "users", cast(Any, Backlog(items=3, is_complete=True))))

    assert rooms.wait_until_quiet(nobody_connects)
    assert reopened.looks >= 6


@pytest.mark.usefixtures("clock")
def test_nothing_is_judged_while_somebody_connects() -> None:
    connecting = iter([True, True, False])

    assert waiting_for(Backlog(items=0, is_complete=True), deadline=5).wait_until_quiet(lambda: next(connecting))
    assert next(connecting, None) is None


class Answering:
    """As much of a server as makes rooms; it remembers all requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, request: Request) -> Answer:
        """As HTTP does."""
        self.asked.append(request.path)
        return Answer(201, {}, b'{"id": "chat-%d"}' % len(self.asked))


def test_a_party_comes_back_to_its_own_room() -> None:
    server = Answering()
    rooms = made(cast(Http, server), size=2)
    own, first = rooms.take_seat("guests-0")
    rooms.release_seat(own, first)
    elsewhere, _ = rooms.take_seat()
    again, second = rooms.take_seat("guests-0")
    other, _ = rooms.take_seat("guests-1")

    assert own is again
    assert len({own, elsewhere, other}) == 3, "nobody else gets a seat there"
    assert first != second, "each connection has a user of its own"
    assert server.asked.count(f"/api/chats/{own.id}/participants") == 1, "its users are invited beforehand"


def target_of(folder: Path, *lines: str) -> Target:
    """Return a target with five users in a file."""
    (folder / "people.csv").write_text("user,token\n" + "".join(f"u{number},opensesame\n" for number in range(5)))
    file = folder / "chat.toml"
    file.write_text("\n".join(['url = "http://chat.test"', *lines, "[users]", f'file = "{folder}/people.csv"']))
    return read_target(str(file), users=1)


def test_users_of_a_file_are_invited_when_they_come(tmp_path: Path) -> None:
    server = Answering()
    rooms = made(cast(Http, server), target=target_of(tmp_path), size=2)
    room, first = rooms.take_seat()
    rooms.release_seat(room, first)
    _, second = rooms.take_seat()

    assert (first.user, second.user) == ("u0", "u1")
    assert server.asked.count(f"/api/chats/{room.id}/participants") == 2


def test_a_room_that_need_not_be_made_has_an_id_of_its_own(tmp_path: Path) -> None:
    server = Answering()
    target = target_of(tmp_path, "[room]", 'implicit = "room {random}"', "[connect]", 'path = "/{room}"')
    rooms = made(cast(Http, server), target=target)

    ids = {rooms.take_seat()[0].id for _ in range(3)}
    assert len(ids) == 3
    assert all(one.startswith("room run-") for one in ids)
    assert server.asked == []


def test_a_refusal_shows_no_token(tmp_path: Path) -> None:
    class Refusing(Answering):
        def send(self, request: Request) -> Answer:
            """As HTTP does; it repeats what it was sent."""
            return Answer(403, {}, str(request.headers).encode())

    head = ["[room]", 'create = "POST /rooms"', 'id = "id"', 'headers = {Authorization = "Bearer {token}"}']
    rooms = made(cast(Http, Refusing()), target=target_of(tmp_path, *head))

    with pytest.raises(NoRoomError, match=r"Bearer \{token\}") as refused:
        rooms.take_seat()
    assert "opensesame" not in str(refused.value)

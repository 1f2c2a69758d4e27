"""The end of all rooms: fences are sent, and a slow server has some time."""

from types import SimpleNamespace
from typing import Any, cast

import gevent
import pytest

from roomproof.client.http import Answer, Http
from roomproof.history import Started
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.load.worker import rooms as rooms_module
from roomproof.load.worker.member import LoadMember
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.rooms import LAST_POLL_S, LoadRooms


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


def rooms_of(senders: list[Sender], *, deadline: float) -> LoadRooms:
    rooms = LoadRooms(cast(Http, None), Started(), size=1, deadline=deadline, run="run", worker=0)
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
    rooms = LoadRooms(cast(Http, None), Started(), size=1, deadline=deadline, run="run", worker=0)
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

    def request(self, _method: str, path: str, _body: object) -> Answer:
        self.asked.append(path)
        return Answer(201, {}, b'{"id": "chat-%d"}' % len(self.asked))


def test_a_party_comes_back_to_its_own_room() -> None:
    server = Answering()
    rooms = LoadRooms(cast(Http, server), Started(), size=2, deadline=1, run="run", worker=0)
    own, first = rooms.take_seat("guests-0")
    rooms.release_seat(own)
    elsewhere, _ = rooms.take_seat()
    again, second = rooms.take_seat("guests-0")
    other, _ = rooms.take_seat("guests-1")

    assert own is again
    assert len({own, elsewhere, other}) == 3, "nobody else gets a seat there"
    assert first != second, "each connection has a user of its own"
    assert server.asked.count(f"/api/chats/{own.id}/participants") == 1, "its users are invited beforehand"

import time
from types import SimpleNamespace
from typing import Any, cast

import gevent

from roomproof.client.http import Http
from roomproof.history import Started
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.load.worker.member import LoadMember
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.rooms import LoadRooms


class Speaker:
    """As much of a member as a fence needs."""

    is_open = True
    connection = SimpleNamespace(reads=True)

    def __init__(self, *, takes_long: bool = False) -> None:
        self.said: list[str] = []
        self._takes_long = takes_long

    def send_message(self, words: str, *_: int) -> None:
        if self._takes_long:
            gevent.sleep(60)
        self.said.append(words)


def rooms_of(speakers: list[Speaker], *, deadline: float) -> LoadRooms:
    rooms = LoadRooms(cast(Http, None), Started(), size=1, deadline=deadline, run="run", worker=0)
    for speaker in speakers:
        room = LoadRoom("chat", "users", cast(Any, None))
        room.members.add(cast(LoadMember, speaker))
        rooms.all.append(room)
    return rooms


def test_all_fences_of_thousands_of_rooms_are_said_before_anything_is_judged() -> None:
    speakers = [Speaker() for _ in range(5_000)]

    rooms_of(speakers, deadline=60).fence()

    assert all(speaker.said == ["fence"] for speaker in speakers)


def test_a_server_that_takes_nothing_does_not_hold_the_end_up_and_hears_nothing_later() -> None:
    stuck, free = Speaker(takes_long=True), Speaker()

    rooms_of([stuck, free], deadline=1).fence()
    gevent.sleep(0.01)

    assert (stuck.said, free.said) == ([], ["fence"])


class Backlog:
    """As much of a judge as is asked whether a server goes on delivering: so many items come, one at each look."""

    def __init__(self, *, comes: int, is_complete: bool) -> None:
        self._left, self._is_complete = comes, is_complete
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


def nobody_comes() -> bool:
    return False


def test_a_slow_server_has_its_time_as_long_as_it_delivers() -> None:
    backlog = Backlog(comes=7, is_complete=True)

    assert waiting_for(backlog, deadline=0.7).wait_until_quiet(nobody_comes)
    assert backlog.looks == 7


def test_what_does_not_come_is_waited_for_no_longer_than_a_deadline() -> None:
    begin = time.monotonic()

    assert waiting_for(Backlog(comes=3, is_complete=False), deadline=0.3).wait_until_quiet(nobody_comes)
    assert 0.3 < time.monotonic() - begin < PATIENCE * 0.3


def test_a_server_that_never_comes_to_an_end_is_not_waited_for_to_the_end_of_all_days() -> None:
    assert not waiting_for(Backlog(comes=10_000, is_complete=False), deadline=0.1).wait_until_quiet(nobody_comes)


def test_a_room_that_was_quiet_is_waited_for_again_if_somebody_comes_to_it() -> None:
    """While another one still is: what is due to whoever came has its time, too."""

    class Reopened(Backlog):
        def is_settled(self) -> bool:
            quiet = super().is_settled()
            return quiet or self.looks == 1

    reopened = Reopened(comes=6, is_complete=True)
    rooms = waiting_for(reopened, deadline=0.7)
    rooms.all.append(LoadRoom("other", "users", cast(Any, Backlog(comes=3, is_complete=True))))

    assert rooms.wait_until_quiet(nobody_comes)
    assert reopened.looks >= 6


def test_nothing_is_judged_while_somebody_comes() -> None:
    come = iter([True, True, False])

    assert waiting_for(Backlog(comes=0, is_complete=True), deadline=5).wait_until_quiet(lambda: next(come))
    assert next(come, None) is None


def test_a_room_tells_everybody_apart() -> None:
    room = LoadRoom("chat", "run-0-7", cast(Any, None))

    assert [room.user(number) for number in range(3)] == ["run-0-7-0", "run-0-7-1", "run-0-7-2"]

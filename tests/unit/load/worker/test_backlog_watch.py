"""A worker knows what is overdue, for how long and to whom."""

import pytest

from roomproof.history import Opened, Opening, Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.figures.backlog import Backlog
from roomproof.load.worker import backlog_watch
from roomproof.load.worker.backlog_watch import BUDGET_S, BacklogWatch
from roomproof.load.worker.room import LoadRoom

DEADLINE = 5.0


class Clock:
    """A clock that stands still until it is set, unless looking at it takes time."""

    now = 0.0
    look_takes = 0.0

    def monotonic(self) -> float:
        self.now += self.look_takes
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(backlog_watch, "time", clock)
    return clock


def silent_room(name: str) -> tuple[LoadRoom, StreamingConnection]:
    """A room whose only member, of this name, gets nothing."""
    judge = StreamingRoom(name, Started(epoch=0, capabilities=[]), round(DEADLINE * 1e9))
    connection = judge.connect(Opening(1, 0, name, name))
    judge.observe(connection, Opened(1, 0, None))
    return LoadRoom(name, name, judge), connection


def test_what_is_outstanding_becomes_overdue(clock: Clock) -> None:
    room, alice = silent_room("alice")
    watch = BacklogWatch([room], DEADLINE)
    looks = []
    for second in range(9):
        clock.now = float(second)
        if second < 3:
            room.judge.compose(alice, "soup", 0)
        looks.append(watch.look())

    assert looks[2] == looks[4] == Backlog(3, 0, 0.0, [])
    assert looks[5] == Backlog(3, 1, 5.0, ["alice"])
    assert looks[8] == Backlog(3, 3, 8.0, ["alice"])


def test_a_look_costs_no_more_than_its_budget(clock: Clock) -> None:
    """Each look at the clock takes as long as a whole look may take."""
    rooms = []
    for number in range(4):
        room, member = silent_room(f"user-{number}")
        room.judge.compose(member, "soup", 0)
        rooms.append(room)
    clock.look_takes = 2 * BUDGET_S
    watch = BacklogWatch(rooms, DEADLINE)

    assert [watch.look().outstanding for _ in range(6)] == [0, 1, 2, 3, 4, 4]

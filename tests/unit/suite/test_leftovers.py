"""One look at the statistics is enough where nothing is left behind."""

import time
from types import SimpleNamespace
from typing import cast

from roomproof.client.http import UnreachableError
from roomproof.stage.stage import Stage
from roomproof.stage.stats import Stats
from roomproof.suite.leftovers import PATIENCE_DEADLINES, Leftovers

DEADLINE = 0.1


class Statistics:
    """Statistics that a test changes, in place of a stage."""

    def __init__(self, members: int = 0, *rooms: str) -> None:
        self.now: Stats | None = Stats(members, rooms)
        self.looks = 0
        self.bystanders = None
        target = SimpleNamespace(exclusive=True)
        self.scene = SimpleNamespace(deadline=DEADLINE, target=target)

    def stats_of_all(self) -> Stats:
        self.looks += 1
        if self.now is None:
            raise UnreachableError("the server is gone")
        return self.now


def leftovers(statistics: Statistics) -> Leftovers:
    return Leftovers(cast(Stage, statistics))


def test_one_look_is_enough_where_nothing_is_left() -> None:
    statistics = Statistics()
    left = leftovers(statistics)
    left.note("a", ["kitchen"])

    assert left.after("a") == left.after("b") == left.at_the_end() == []
    assert statistics.looks == 4


def test_what_is_left_is_reported_once_by_its_rule() -> None:
    statistics = Statistics()
    left = leftovers(statistics)
    left.note("a", ["kitchen", "garage"])
    statistics.now = Stats(2, ("kitchen", "room of somebody else"))

    found = left.after("a")

    assert [rule for rule, _ in found] == ["STATS-4", "STATS-2"]
    assert "got kitchen (of a)" in found[0][1]
    assert "back at 0" in found[1][1]
    assert found[1][1].endswith("got 2")
    assert left.at_the_end() == []


def test_members_of_before_the_run_are_not_left_over() -> None:
    statistics = Statistics(3)

    assert leftovers(statistics).at_the_end() == []


def test_only_an_exclusive_target_has_an_exact_total() -> None:
    statistics = Statistics()
    statistics.scene.target.exclusive = False
    left = leftovers(statistics)
    statistics.now = Stats(2, ("room of somebody else",))

    assert left.at_the_end() == []


def test_the_time_for_waiting_is_bounded() -> None:
    """When it is used up, the rest is reported at the end of the run."""
    statistics = Statistics()
    left = leftovers(statistics)
    rooms = [f"room {number}" for number in range(20)]
    statistics.now = Stats(0, tuple(rooms))
    for room in rooms:
        left.note(f"scenario of {room}", [room])
    began = time.monotonic()

    found = [left.after(f"scenario of {room}") for room in rooms]

    assert time.monotonic() - began < (PATIENCE_DEADLINES + 1) * DEADLINE + 1
    assert 0 < sum(map(bool, found)) <= PATIENCE_DEADLINES
    ((rule, text),) = left.at_the_end()
    assert rule == "STATS-4"
    assert "and " in text


def test_a_server_that_is_gone_leaves_nothing() -> None:
    statistics = Statistics()
    left = leftovers(statistics)
    left.note("a", ["kitchen"])
    statistics.now = None

    assert left.after("a") == left.at_the_end() == []

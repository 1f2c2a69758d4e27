"""Who keeps talking gets sender when they are due, and everybody's error or end is their own."""

import time
from collections.abc import Iterator

import gevent
import pytest

from roomproof.load.transport.pacing import BATCH_NS, PacedSender, Pacer

MS = 1_000_000


class Talk:
    """Speaks a few times, at an interval of a millisecond, and then cannot."""

    def __init__(self, name: str, told: list[str], times: int = 3) -> None:
        self.name, self.told, self.left = name, told, times

    def speak(self, now: int) -> int | None:
        self.told.append(self.name)
        self.left -= 1
        return now + MS if self.left else None


@pytest.fixture
def pacer() -> Iterator[Pacer]:
    pacer = Pacer()
    yield pacer
    pacer.stop()


@pytest.fixture
def told() -> list[str]:
    return []


def over(sender: PacedSender) -> None:
    """Wait until sender are over."""
    with gevent.Timeout(5):
        sender.wait()


def soon(milliseconds: int) -> int:
    return time.monotonic_ns() + milliseconds * MS


def test_each_speaks_until_it_cannot(pacer: Pacer, told: list[str]) -> None:
    first = pacer.pace(soon(1), Talk("first", told).speak)
    second = pacer.pace(soon(1), Talk("second", told).speak)
    over(first)
    over(second)

    assert sorted(told) == ["first"] * 3 + ["second"] * 3


def test_nobody_speaks_before_it_is_due(pacer: Pacer) -> None:
    due = soon(30)
    times: list[int] = []
    over(pacer.pace(due, times.append))

    assert times[0] >= due


def test_whoever_comes_later_and_is_due_sooner_is_not_kept_waiting(pacer: Pacer, told: list[str]) -> None:
    pacer.pace(soon(60_000), Talk("patient", told).speak)
    over(pacer.pace(soon(1), Talk("hasty", told).speak))

    assert told == ["hasty"] * 3


def test_who_never_speaks_is_not_called(pacer: Pacer, told: list[str]) -> None:
    silent = pacer.pace(None, Talk("silent", told).speak)
    over(pacer.pace(soon(1), Talk("other", told).speak))

    assert not silent.is_over
    assert told == ["other"] * 3


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TypeError("a bug")])
def test_an_error_reaches_the_one_whose_turn_it_was(pacer: Pacer, told: list[str], error: Exception) -> None:
    def fail(_: int) -> int | None:
        raise error

    failing = pacer.pace(soon(1), fail)
    over(pacer.pace(soon(1), Talk("other", told).speak))

    assert told == ["other"] * 3
    with pytest.raises(type(error)):
        over(failing)


def test_who_does_something_else_gets_no_more_sender(pacer: Pacer, told: list[str]) -> None:
    pacer.pace(soon(1), Talk("gone", told).speak).stop()
    over(pacer.pace(soon(1), Talk("other", told).speak))

    assert told == ["other"] * 3


def test_who_is_behind_lets_others_do_something_between(pacer: Pacer) -> None:
    happened: list[str] = []

    def speak(_: int) -> int | None:
        happened.append("spoke")
        gevent.spawn(happened.append, "between")
        return 1 if happened.count("spoke") < 3 else None

    over(pacer.pace(1, speak))

    assert happened[:5] == ["spoke", "between", "spoke", "between", "spoke"]


def test_an_error_is_not_lost_to_whoever_ends_the_sender(pacer: Pacer) -> None:
    def fail(_: int) -> int | None:
        raise TypeError("a bug")

    failing = pacer.pace(soon(1), fail)
    while not failing.is_over:
        gevent.sleep(0.001)
    failing.stop()

    with pytest.raises(TypeError):
        over(failing)


def test_many_who_are_behind_do_not_keep_what_has_come_from_being_read(pacer: Pacer) -> None:
    happened: list[str] = []

    def speak(_: int) -> int | None:
        happened.append("spoke")
        if len(happened) == 1:
            gevent.spawn(happened.append, "read")
        until = time.monotonic_ns() + BATCH_NS // 4
        while time.monotonic_ns() < until:
            pass
        return None

    talking = [pacer.pace(1, speak) for _ in range(20)]
    for sender in talking:
        over(sender)

    assert happened.count("spoke") == 20
    assert happened.index("read") < 10


def test_after_the_end_nobody_speaks(pacer: Pacer, told: list[str]) -> None:
    pacer.pace(soon(1), Talk("late", told).speak)
    pacer.stop()
    gevent.sleep(0.01)

    assert told == []

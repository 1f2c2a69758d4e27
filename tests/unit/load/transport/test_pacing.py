"""Senders are called when they are due; the error or the end of one is its own."""

import time
from collections.abc import Iterator

import gevent
import pytest

from roomproof.load.transport.pacing import BATCH_NS, PacedSender, Pacer

MS = 1_000_000


class Limited:
    """Sends a few times, at an interval of a millisecond, and then cannot."""

    def __init__(self, name: str, calls: list[str], times: int = 3) -> None:
        self.name, self.calls, self.left = name, calls, times

    def send(self, now: int) -> int | None:
        self.calls.append(self.name)
        self.left -= 1
        return now + MS if self.left else None


@pytest.fixture
def pacer() -> Iterator[Pacer]:
    pacer = Pacer()
    yield pacer
    pacer.stop()


@pytest.fixture
def calls() -> list[str]:
    return []


def finish(sender: PacedSender) -> None:
    """Wait until a sender is over."""
    with gevent.Timeout(5):
        sender.wait()


def soon(milliseconds: int) -> int:
    return time.monotonic_ns() + milliseconds * MS


def test_each_sender_sends_until_it_cannot(pacer: Pacer, calls: list[str]) -> None:
    first = pacer.pace(soon(1), Limited("first", calls).send)
    second = pacer.pace(soon(1), Limited("second", calls).send)
    finish(first)
    finish(second)

    assert sorted(calls) == ["first"] * 3 + ["second"] * 3


def test_nobody_sends_before_it_is_due(pacer: Pacer) -> None:
    due = soon(30)
    times: list[int] = []
    finish(pacer.pace(due, times.append))

    assert times[0] >= due


def test_a_later_sender_that_is_due_sooner_is_called_sooner(pacer: Pacer, calls: list[str]) -> None:
    pacer.pace(soon(60_000), Limited("patient", calls).send)
    finish(pacer.pace(soon(1), Limited("hasty", calls).send))

    assert calls == ["hasty"] * 3


def test_a_sender_that_is_never_due_is_not_called(pacer: Pacer, calls: list[str]) -> None:
    silent = pacer.pace(None, Limited("silent", calls).send)
    finish(pacer.pace(soon(1), Limited("other", calls).send))

    assert not silent.is_over
    assert calls == ["other"] * 3


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TypeError("a bug")])
def test_an_error_reaches_the_sender_that_raised_it(pacer: Pacer, calls: list[str], error: Exception) -> None:
    def fail(_: int) -> int | None:
        raise error

    failing = pacer.pace(soon(1), fail)
    finish(pacer.pace(soon(1), Limited("other", calls).send))

    assert calls == ["other"] * 3
    with pytest.raises(type(error)):
        finish(failing)


def test_a_stopped_sender_is_not_called(pacer: Pacer, calls: list[str]) -> None:
    pacer.pace(soon(1), Limited("gone", calls).send).stop()
    finish(pacer.pace(soon(1), Limited("other", calls).send))

    assert calls == ["other"] * 3


def test_a_late_sender_lets_others_run_in_between(pacer: Pacer) -> None:
    happened: list[str] = []

    def send(_: int) -> int | None:
        happened.append("sent")
        gevent.spawn(happened.append, "between")
        return 1 if happened.count("sent") < 3 else None

    finish(pacer.pace(1, send))

    assert happened[:5] == ["sent", "between", "sent", "between", "sent"]


def test_an_error_is_not_lost_to_whoever_ends_the_sender(pacer: Pacer) -> None:
    def fail(_: int) -> int | None:
        raise TypeError("a bug")

    failing = pacer.pace(soon(1), fail)
    while not failing.is_over:
        gevent.sleep(0.001)
    failing.stop()

    with pytest.raises(TypeError):
        finish(failing)


def test_many_late_senders_do_not_keep_data_from_being_read(pacer: Pacer) -> None:
    happened: list[str] = []

    def send(_: int) -> int | None:
        happened.append("sent")
        if len(happened) == 1:
            gevent.spawn(happened.append, "read")
        until = time.monotonic_ns() + BATCH_NS // 4
        while time.monotonic_ns() < until:
            pass
        return None

    senders = [pacer.pace(1, send) for _ in range(20)]
    for sender in senders:
        finish(sender)

    assert happened.count("sent") == 20
    assert happened.index("read") < 10


def test_a_stopped_pacer_calls_nobody(pacer: Pacer, calls: list[str]) -> None:
    pacer.pace(soon(1), Limited("late", calls).send)
    pacer.stop()
    gevent.sleep(0.01)

    assert calls == []

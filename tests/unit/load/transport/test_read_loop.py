"""Everything that has come is read first, and told afterwards, each to whom it came."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from roomproof.load.transport.read_loop import READ_SOCKETS, ReadLoop, Receive


class Pipe:
    """A link, and its other end."""

    def __init__(self, name: str, told: list[tuple[str, bytes | None]]) -> None:
        self.here, self.there = socket.socketpair()
        self.name, self.told = name, told
        self.has_come = Event()
        self.receive: Receive | None = self._receive

    def recv(self, size: int) -> bytes:
        self.told.append((f"{self.name} is read", None))
        return bytes(self.here.recv(size))

    def _receive(self, data: bytes, at: int) -> None:
        assert at > 0
        self.told.append((f"{self.name} is told", data))
        self.has_come.set()


@pytest.fixture
def failures() -> list[Exception]:
    return []


@pytest.fixture
def read_loop(failures: list[Exception]) -> Iterator[ReadLoop]:
    read_loop = ReadLoop(failures.append)
    read_loop.start()
    yield read_loop
    read_loop.stop()


@pytest.fixture
def told() -> list[tuple[str, bytes | None]]:
    return []


@pytest.fixture
def pipes(read_loop: ReadLoop, told: list[tuple[str, bytes | None]]) -> Iterator[list[Pipe]]:
    names = ("one", "two", *(f"pipe {number}" for number in range(READ_SOCKETS)))
    pipes = [Pipe(name, told) for name in names]
    watchers = [read_loop.watch(pipe, pipe.here.fileno()) for pipe in pipes]
    yield pipes
    for pipe, watcher in zip(pipes, watchers, strict=True):
        watcher.stop()
        watcher.close()
        pipe.here.close()
        pipe.there.close()


def test_all_is_read_before_any_is_told(pipes: list[Pipe], told: list[tuple[str, bytes | None]]) -> None:
    for pipe in pipes[:2]:
        pipe.there.send(pipe.name.encode())
    for pipe in pipes[:2]:
        assert pipe.has_come.wait(5)

    assert [data for _, data in told[:2]] == [None, None]
    assert set(told[2:]) == {("one is told", b"one"), ("two is told", b"two")}


def test_the_end_is_told_as_well(pipes: list[Pipe], told: list[tuple[str, bytes | None]]) -> None:
    pipes[0].there.close()
    assert pipes[0].has_come.wait(5)

    assert ("one is told", b"") in told


def test_who_rests_is_not_read(pipes: list[Pipe], told: list[tuple[str, bytes | None]]) -> None:
    resting, other, *_ = pipes
    resting.receive = None
    resting.there.send(b"unheard")
    other.there.send(b"heard")
    assert other.has_come.wait(5)
    gevent.sleep(0)

    assert told == [("two is read", None), ("two is told", b"heard")]


def test_more_links_than_are_read_at_a_time_are_all_told(pipes: list[Pipe]) -> None:
    for pipe in pipes:
        pipe.there.send(b"soup")

    assert len(pipes) > READ_SOCKETS
    assert all(pipe.has_come.wait(5) for pipe in pipes)


def test_who_fails_takes_nothing_from_the_others(pipes: list[Pipe], failures: list[Exception]) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a bug")

    pipes[0].receive = fail
    for pipe in pipes:
        pipe.there.send(b"soup")

    assert all(pipe.has_come.wait(5) for pipe in pipes[1:])
    assert [str(failure) for failure in failures] == ["a bug"]


def test_after_the_end_nothing_is_read(
    read_loop: ReadLoop, pipes: list[Pipe], told: list[tuple[str, bytes | None]], failures: list[Exception]
) -> None:
    read_loop.stop()
    pipes[0].there.send(b"late")
    gevent.sleep(0.01)

    assert (told, failures) == ([], [])

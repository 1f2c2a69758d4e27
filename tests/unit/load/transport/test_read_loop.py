"""All sockets are read first; then each receiver gets its data."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from roomproof.load.transport.read_loop import READ_SOCKETS, ReadLoop, Receive


class Pipe:
    """A socket, and its other end."""

    def __init__(self, name: str, events: list[tuple[str, bytes | None]]) -> None:
        self.here, self.there = socket.socketpair()
        self.name, self.events = name, events
        self.has_data = Event()
        self.receive: Receive | None = self._receive

    def recv(self, size: int) -> bytes:
        self.events.append((f"{self.name} is read", None))
        return bytes(self.here.recv(size))

    def _receive(self, data: bytes, at: int) -> None:
        assert at > 0
        self.events.append((f"{self.name} gets", data))
        self.has_data.set()


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
def events() -> list[tuple[str, bytes | None]]:
    return []


@pytest.fixture
def pipes(read_loop: ReadLoop, events: list[tuple[str, bytes | None]]) -> Iterator[list[Pipe]]:
    names = ("one", "two", *(f"pipe {number}" for number in range(READ_SOCKETS)))
    pipes = [Pipe(name, events) for name in names]
    watchers = [read_loop.watch(pipe, pipe.here.fileno()) for pipe in pipes]
    yield pipes
    for pipe, watcher in zip(pipes, watchers, strict=True):
        watcher.stop()
        watcher.close()
        pipe.here.close()
        pipe.there.close()


def test_all_sockets_are_read_before_any_data_is_passed_on(
    pipes: list[Pipe], events: list[tuple[str, bytes | None]]
) -> None:
    for pipe in pipes[:2]:
        pipe.there.send(pipe.name.encode())
    for pipe in pipes[:2]:
        assert pipe.has_data.wait(5)

    assert [data for _, data in events[:2]] == [None, None]
    assert set(events[2:]) == {("one gets", b"one"), ("two gets", b"two")}


def test_the_end_of_a_connection_is_passed_on(pipes: list[Pipe], events: list[tuple[str, bytes | None]]) -> None:
    pipes[0].there.close()
    assert pipes[0].has_data.wait(5)

    assert ("one gets", b"") in events


def test_a_socket_without_receiver_is_not_read(pipes: list[Pipe], events: list[tuple[str, bytes | None]]) -> None:
    ignored, other, *_ = pipes
    ignored.receive = None
    ignored.there.send(b"unread")
    other.there.send(b"read")
    assert other.has_data.wait(5)
    gevent.sleep(0)

    assert events == [("two is read", None), ("two gets", b"read")]


def test_more_sockets_than_a_batch_are_all_read(pipes: list[Pipe]) -> None:
    for pipe in pipes:
        pipe.there.send(b"soup")

    assert len(pipes) > READ_SOCKETS
    assert all(pipe.has_data.wait(5) for pipe in pipes)


def test_a_failing_receiver_keeps_nothing_from_the_others(pipes: list[Pipe], failures: list[Exception]) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a bug")

    pipes[0].receive = fail
    for pipe in pipes:
        pipe.there.send(b"soup")

    assert all(pipe.has_data.wait(5) for pipe in pipes[1:])
    assert [str(failure) for failure in failures] == ["a bug"]


def test_after_the_end_nothing_is_read(
    read_loop: ReadLoop, pipes: list[Pipe], events: list[tuple[str, bytes | None]], failures: list[Exception]
) -> None:
    read_loop.stop()
    pipes[0].there.send(b"late")
    gevent.sleep(0.01)

    assert (events, failures) == ([], [])

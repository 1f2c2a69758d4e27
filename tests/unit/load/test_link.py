"""A link sends what the other end takes, keeps the rest in order, and says whether it is through."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket

from roomproof.load.frames import masked
from roomproof.load.inbox import Inbox
from roomproof.load.link import Link

LARGE = b"x" * 3_000_000
"""More than any socket takes at once."""


class Ends:
    """A link, and the other end of its connection, which reads when it is told to."""

    def __init__(self) -> None:
        here, self.there = socket.socketpair()
        here.setblocking(True)
        self.link = Link(here, Inbox())

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            taken += self.there.recv(1_000_000)
        return taken


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.link.end()
    ends.there.close()


def opened(frames: bytes) -> list[bytes]:
    """The payloads of masked frames."""
    payloads = []
    while frames:
        size, head = frames[1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(frames[2:head])
        key, body = frames[head : head + 4], frames[head + 4 : head + 4 + size]
        mask = (key * (size // 4 + 1))[:size]
        payloads.append((int.from_bytes(body) ^ int.from_bytes(mask)).to_bytes(size))
        frames = frames[head + 4 + size :]
    return payloads


def size_of(*payloads: bytes) -> int:
    return sum(len(masked(payload, 1)) for payload in payloads)


def test_what_is_taken_at_once_leaves_nothing_to_do(ends: Ends) -> None:
    ends.link.send(b"soup")
    ends.link.drain()

    assert not ends.link.is_sending
    assert opened(ends.take(size_of(b"soup"))) == [b"soup"]


def test_what_is_not_taken_at_once_follows_in_order(ends: Ends) -> None:
    for payload in (LARGE, b"second", b"third"):
        ends.link.send(payload)
    was_sending = ends.link.is_sending
    taking = gevent.spawn(ends.take, size_of(LARGE, b"second", b"third"))
    ends.link.drain()

    assert (was_sending, ends.link.is_sending) == (True, False)
    assert opened(taking.get(timeout=5)) == [LARGE, b"second", b"third"]


def test_who_gives_up_waiting_leaves_a_torn_frame(ends: Ends) -> None:
    ends.link.send(LARGE)
    with gevent.Timeout(0.01, False):
        ends.link.drain()

    assert ends.link.is_torn
    assert ends.link.is_sending


def test_who_waits_learns_that_the_link_is_gone(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.there.close()

    with pytest.raises(ConnectionError):
        waiting.get(timeout=5)
    assert not ends.link.is_torn


def test_the_end_of_a_link_ends_the_waiting(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.link.end()

    with pytest.raises(OSError, match="closed in another greenlet"):
        waiting.get(timeout=5)

"""A link sends what the other end takes, keeps the rest in order, and says whether it is through."""

import contextlib
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

import gevent
import pytest
import trustme
from gevent import socket, ssl
from gevent.event import Event
from websocket import ABNF

from roomproof.client.target import Target
from roomproof.load.transport.frames import client_frame
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.socket import LoadSocket, RefusedError, connect
from tests.listening import in_threads

LARGE = b"x" * 3_000_000
"""More than any socket takes at once."""

GONE = (ConnectionError, ssl.SSLError)
"""How a link fails whose other end is closed."""


class Ends:
    """A link, and the other end of its connection, which reads when it is told to."""

    def __init__(self, *, is_tls: bool) -> None:
        here, self.there = socket.socketpair()
        if is_tls:
            shaking = gevent.spawn(tls_of_server().wrap_socket, self.there, server_side=True)
            here = tls_of_client().wrap_socket(here)
            self.there = shaking.get(timeout=5)
        self.failures: list[Exception] = []
        self.read_loop = ReadLoop(self.failures.append)
        self.link = LoadSocket(here, self.read_loop)

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            taken += self.there.recv(1_000_000)
        return taken


@cache
def tls_of_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


def tls_of_client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    ends = Ends(is_tls=request.param)
    yield ends
    ends.link.close()
    ends.there.close()
    ends.read_loop.stop()


def opened(frames: bytes) -> list[bytes]:
    """The payloads of masked frames."""
    payloads = []
    while frames:
        size, head = frames[1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(frames[2:head])
        key, body = frames[head : head + 4], frames[head + 4 : head + 4 + size]
        payloads.append(ABNF.mask(key, body))
        frames = frames[head + 4 + size :]
    return payloads


def size_of(*payloads: bytes) -> int:
    return sum(len(client_frame(payload, 1)) for payload in payloads)


def test_only_the_last_ping_is_answered_by_who_cannot_send(ends: Ends) -> None:
    ends.link.send(LARGE)
    for number in range(10):
        ends.link.send(b"%d" % number, ABNF.OPCODE_PONG)
    taking = gevent.spawn(ends.take, size_of(LARGE, b"9"))
    ends.link.drain()

    assert opened(taking.get(timeout=5)) == [LARGE, b"9"]


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


def test_who_gives_up_waiting_leaves_a_torn_frame_until_it_is_taken(ends: Ends) -> None:
    ends.link.send(LARGE)
    with gevent.Timeout(0.01, False):
        ends.link.drain()
    was_torn = ends.link.has_abandoned_send
    taking = gevent.spawn(ends.take, size_of(LARGE))
    ends.link.drain()

    assert (was_torn, ends.link.has_abandoned_send) == (True, False)
    assert opened(taking.get(timeout=5)) == [LARGE]


def test_who_waits_learns_that_the_link_is_gone(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.there.close()

    with pytest.raises(GONE):
        waiting.get(timeout=5)
    assert not ends.link.has_abandoned_send


def test_the_end_of_a_link_ends_the_waiting(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.link.close()

    with pytest.raises(OSError, match="closed in another greenlet"):
        waiting.get(timeout=5)


def test_who_did_not_wait_learns_it_with_the_next_frame(ends: Ends) -> None:
    ends.link.send(LARGE)
    ends.there.close()
    while ends.link.is_sending:
        gevent.sleep(0.001)

    for act in (ends.link.drain, lambda: ends.link.send(b"more")):
        with pytest.raises(GONE):
            act()


def test_whoever_watches_again_watches_once(ends: Ends) -> None:
    heard: list[bytes] = []
    ends.read_loop.start()
    for _ in range(2):
        ends.link.start_reading(lambda data, _: heard.append(data))
    ends.there.send(b"soup")
    while not heard:
        gevent.sleep(0.001)
    ends.link.stop_reading()
    ends.there.send(b"bread")
    gevent.sleep(0.01)

    assert heard == [b"soup"]


def test_whoever_fails_hears_what_comes_later(ends: Ends) -> None:
    heard: list[bytes] = []

    def fail_once(data: bytes, _: int) -> None:
        heard.append(data)
        if len(heard) == 1:
            raise TypeError("a bug")

    ends.read_loop.start()
    ends.link.start_reading(fail_once)
    for count, data in enumerate((b"soup", b"bread"), start=1):
        ends.there.send(data)
        while len(heard) < count:
            gevent.sleep(0.001)

    assert heard == [b"soup", b"bread"]
    assert [str(failure) for failure in ends.failures] == ["a bug"]


def test_who_rests_is_told_nothing_more_and_misses_nothing(ends: Ends) -> None:
    told: list[bytes] = []
    is_complete = Event()

    def hear_once(data: bytes, _: int) -> None:
        told.append(data)
        ends.link.stop_reading()
        is_complete.set()

    def hear(data: bytes, _: int) -> None:
        told.append(data)
        if b"".join(told) == b"onetwo":
            is_complete.set()

    ends.read_loop.start()
    for payload in (b"one", b"two"):
        ends.there.sendall(payload)
    ends.link.start_reading(hear_once)
    assert is_complete.wait(5)
    is_complete.clear()
    gevent.sleep(0)
    at_rest = len(told)
    ends.link.start_reading(hear)

    assert at_rest == 1
    assert is_complete.wait(5) or told == [b"onetwo"], told
    assert ends.failures == []


@contextlib.contextmanager
def refusing(status: int, **headers: str) -> Iterator[str]:
    """A server that answers every request like this."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with in_threads(Handler) as address:
        yield f"http://{address}"


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        pytest.param(503, {"Content_Length": "0"}, "", id="another status"),
        pytest.param(307, {"Location": "/elsewhere"}, "redirected to /elsewhere", id="a redirection"),
        pytest.param(308, {}, "redirected to nowhere", id="a redirection to nowhere"),
    ],
)
def test_an_answer_that_is_no_upgrade_is_a_refusal(status: int, headers: dict[str, str], reason: str) -> None:
    with refusing(status, **headers) as url, pytest.raises(RefusedError) as refused:
        connect(Target(url), "kitchen", "alice", cast(Any, None), source=None)

    assert (refused.value.status, str(refused.value)) == (status, reason)


def test_an_upgrade_that_proves_nothing_is_no_proper_answer() -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": "soup"}
    with refusing(101, **upgrade) as url, pytest.raises(RefusedError, match="Invalid WebSocket Header") as refused:
        connect(Target(url), "kitchen", "alice", cast(Any, None), source=None)

    assert refused.value.status is None

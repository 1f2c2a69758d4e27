"""A link sends what the other end takes, and keeps the rest in order."""

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
from roomproof.dialects.session import Session, UserRow
from roomproof.load.transport.frames import client_frame
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.socket import LoadSocket, RefusedError, connect
from tests.listening import in_threads

LARGE = b"x" * 3_000_000
"""A payload larger than any socket takes at once."""

GONE = (ConnectionError, ssl.SSLError)
"""The errors of a link whose other end is closed."""


class Ends:
    """A link, and the other end of its connection, which reads when asked to."""

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


def test_a_blocked_link_answers_only_the_last_ping(ends: Ends) -> None:
    ends.link.send(LARGE)
    for number in range(10):
        ends.link.send(b"%d" % number, ABNF.OPCODE_PONG)
    taking = gevent.spawn(ends.take, size_of(LARGE, b"9"))
    ends.link.drain()

    assert opened(taking.get(timeout=5)) == [LARGE, b"9"]


def test_a_frame_taken_at_once_leaves_nothing_to_send(ends: Ends) -> None:
    ends.link.send(b"soup")
    ends.link.drain()

    assert not ends.link.is_sending
    assert opened(ends.take(size_of(b"soup"))) == [b"soup"]


def test_frames_not_taken_at_once_follow_in_order(ends: Ends) -> None:
    for payload in (LARGE, b"second", b"third"):
        ends.link.send(payload)
    was_sending = ends.link.is_sending
    taking = gevent.spawn(ends.take, size_of(LARGE, b"second", b"third"))
    ends.link.drain()

    assert (was_sending, ends.link.is_sending) == (True, False)
    assert opened(taking.get(timeout=5)) == [LARGE, b"second", b"third"]


def test_an_abandoned_wait_shows_until_the_frame_is_taken(ends: Ends) -> None:
    ends.link.send(LARGE)
    with gevent.Timeout(0.01, False):
        ends.link.drain()
    was_abandoned = ends.link.has_abandoned_send
    taking = gevent.spawn(ends.take, size_of(LARGE))
    ends.link.drain()

    assert (was_abandoned, ends.link.has_abandoned_send) == (True, False)
    assert opened(taking.get(timeout=5)) == [LARGE]


def test_a_wait_ends_when_the_connection_ends(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.there.close()

    with pytest.raises(GONE):
        waiting.get(timeout=5)
    assert not ends.link.has_abandoned_send


def test_closing_a_link_ends_the_wait(ends: Ends) -> None:
    ends.link.send(LARGE)
    waiting = gevent.spawn(ends.link.drain)
    gevent.sleep(0)
    ends.link.close()

    with pytest.raises(OSError, match="closed in another greenlet"):
        waiting.get(timeout=5)


def test_without_a_wait_the_next_frame_raises_the_error(ends: Ends) -> None:
    ends.link.send(LARGE)
    ends.there.close()
    while ends.link.is_sending:
        gevent.sleep(0.001)

    for act in (ends.link.drain, lambda: ends.link.send(b"more")):
        with pytest.raises(GONE):
            act()


def test_reading_started_twice_reads_once(ends: Ends) -> None:
    received: list[bytes] = []
    ends.read_loop.start()
    for _ in range(2):
        ends.link.start_reading(lambda data, _: received.append(data))
    ends.there.send(b"soup")
    while not received:
        gevent.sleep(0.001)
    ends.link.stop_reading()
    ends.there.send(b"bread")
    gevent.sleep(0.01)

    assert received == [b"soup"]


def test_a_failing_receiver_gets_later_data(ends: Ends) -> None:
    received: list[bytes] = []

    def fail_once(data: bytes, _: int) -> None:
        received.append(data)
        if len(received) == 1:
            raise TypeError("a bug")

    ends.read_loop.start()
    ends.link.start_reading(fail_once)
    for count, data in enumerate((b"soup", b"bread"), start=1):
        ends.there.send(data)
        while len(received) < count:
            gevent.sleep(0.001)

    assert received == [b"soup", b"bread"]
    assert [str(failure) for failure in ends.failures] == ["a bug"]


def test_a_link_that_stops_reading_misses_nothing(ends: Ends) -> None:
    received: list[bytes] = []
    is_complete = Event()

    def receive_once(data: bytes, _: int) -> None:
        received.append(data)
        ends.link.stop_reading()
        is_complete.set()

    def receive(data: bytes, _: int) -> None:
        received.append(data)
        if b"".join(received) == b"onetwo":
            is_complete.set()

    ends.read_loop.start()
    for payload in (b"one", b"two"):
        ends.there.sendall(payload)
    ends.link.start_reading(receive_once)
    assert is_complete.wait(5)
    is_complete.clear()
    gevent.sleep(0)
    at_rest = len(received)
    ends.link.start_reading(receive)

    assert at_rest == 1
    assert is_complete.wait(5) or received == [b"onetwo"], received
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
def test_an_answer_without_upgrade_is_a_refusal(status: int, headers: dict[str, str], reason: str) -> None:
    with refusing(status, **headers) as url, pytest.raises(RefusedError) as refused:
        connect(Target(url), Session("kitchen", UserRow("alice")), cast(Any, None), source=None)

    assert (refused.value.status, str(refused.value)) == (status, reason)


def test_an_upgrade_without_proof_is_no_proper_answer() -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": "soup"}
    with refusing(101, **upgrade) as url, pytest.raises(RefusedError, match="Invalid WebSocket Header") as refused:
        connect(Target(url), Session("kitchen", UserRow("alice")), cast(Any, None), source=None)

    assert refused.value.status is None

"""TCP connections: how each ends, and what happens when no more can be opened."""

import json
import socket
from pathlib import Path

import pytest

from reference_server.connections import Connections
from tests.server.cluster import hears_up_to
from tests.server.process import PATIENCE, Server, eventually, handshake, running

NO_KEY = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"

OLD_VERSION = handshake("x", "alice").replace(b"Version: 13", b"Version: 8")

H2C = (
    b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings:\r\n\r\n"
)

FEW_DESCRIPTORS = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
from reference_server.__main__ import main
main()
"""


class FakeConnection:
    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def exchange(server: Server, request: bytes) -> bytes:
    """Send a request, and return all that comes until the server ends the link."""
    received = bytearray()
    with socket.create_connection(server.address, timeout=PATIENCE) as link:
        link.sendall(request)
        while part := link.recv(65536):
            received += part
    return bytes(received)


def assert_refused(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert set(json.loads(body)) == {"error"}


def test_a_connection_that_the_client_closed_is_closed(tmp_path: Path) -> None:
    """Stock Hypercorn keeps its descriptor until the idle time is over."""
    with running(tmp_path) as server:
        server.ask("GET", "/health")
        before = server.descriptors
        for _ in range(50):
            with socket.create_connection(server.address, timeout=PATIENCE) as link:
                link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                assert link.recv(65536).startswith(b"HTTP/1.1 200")

        eventually(lambda: server.descriptors <= before, "the server has closed its sockets")


@pytest.mark.parametrize("rest", [b"", b"x"], ids=["alone", "with a byte behind it"])
def test_a_bad_handshake_is_answered_and_its_link_ended(server: Server, rest: bytes) -> None:
    request = b"GET /api/chats/ws/x?user_id=alice HTTP/1.1\r\nHost: x\r\n" + NO_KEY + rest

    assert_refused(exchange(server, request), 400)


def test_an_unknown_version_learns_the_known_one(server: Server) -> None:
    answer = exchange(server, OLD_VERSION)

    assert_refused(answer, 426)
    assert b"\r\nsec-websocket-version: 13\r\n" in answer
    assert "refused a handshake: expected Sec-WebSocket-Version: 13" in server.log


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, id="HTTP/2"),
        pytest.param(b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 1\r\n\r\n", 400, id="two lengths"),
        pytest.param(
            b"POST /api/chats HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="a length of chunks",
        ),
        pytest.param(b"soup?\r\n\r\n", 400, id="no HTTP"),
    ],
)
def test_what_is_no_request_by_http_1_is_refused(server: Server, request_: bytes, status: int) -> None:
    assert_refused(exchange(server, request_), status)


def test_an_upgrade_to_http_2_stays_http_1(server: Server) -> None:
    link = server.link()

    link.sendall(H2C)

    assert link.recv(65536).startswith(b"HTTP/1.1 200")


def test_half_a_body_is_answered_in_bounded_time(tmp_path: Path) -> None:
    program = """
from reference_server import http_routes
from reference_server.__main__ import main
http_routes.BODY_SECONDS = 0.2
main()
"""
    head = b"POST /api/chats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    with running(tmp_path, program=program) as server:
        assert_refused(exchange(server, head + b"{"), 408)


def test_a_client_that_reads_no_answer_is_dropped(tmp_path: Path) -> None:
    program = """
from reference_server import stream
from reference_server.__main__ import main
stream.SEND_SECONDS = 0.2
main()
"""
    with running(tmp_path, program=program) as server:
        metadata = {"text": "x" * 1_000_000}
        room = server.ask("POST", "/api/chats", {"name": "Kitchen", "created_by": "alice", "metadata": metadata}).json
        request = f"GET /api/chats/{room['id']} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        before = server.descriptors
        server.link(receive_buffer=4096).sendall(request * 20)

        eventually(lambda: "dropped a client that did not read its answer" in server.log, "the log says so")
        eventually(lambda: server.descriptors <= before, "its socket is closed")


def test_the_longest_idle_connection_makes_room() -> None:
    connections = Connections(2)
    first, second, third = (FakeConnection() for _ in range(3))
    for connection in (first, second):
        assert connections.admit()
        connections.set_idle(connection, True)
    connections.set_idle(first, False)
    connections.set_idle(first, True)

    assert connections.admit()
    connections.remove(second)

    assert [first.is_aborted, second.is_aborted, third.is_aborted] == [False, True, False]


def test_busy_connections_stay_and_new_ones_are_refused() -> None:
    connections = Connections(2)
    assert [connections.admit() for _ in range(3)] == [True, True, False]

    connections.remove(FakeConnection())

    assert connections.admit()


def test_members_stay_when_no_descriptor_is_left(tmp_path: Path) -> None:
    with running(tmp_path, program=FEW_DESCRIPTORS) as server:
        room = server.make_room()
        alice = server.connect(room, "alice")
        idle = [server.link() for _ in range(60)]
        guests = [server.raw(room, f"guest{number}") for number in range(60)]
        answers = [guest.recv(65536).partition(b" ")[2][:3] for guest in guests]

        assert answers.count(b"503") > 0
        assert_refused(exchange(server, b""), 503)
        alice.say("still here?")
        hears_up_to(alice, "still here?")
        assert server.log.count("connections are refused") == 1

        for link in idle + guests:
            link.close()
        eventually(lambda: server.ask("GET", "/health").status == 200, "the server answers again")
        eventually(lambda: "connections are accepted again" in server.log, "the log says so")

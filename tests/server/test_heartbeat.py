import contextlib
from collections.abc import Iterator

import pytest
from websocket import ABNF, WebSocketConnectionClosedException

from tests.server.process import Client, Server, running

HEARTBEAT = 1.2
"""Seconds.

The server pings after a third and after two thirds of it, and drops a silent client at its end."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("heartbeat"), "--heartbeat", str(HEARTBEAT)) as one:
        yield one


def pings_until_the_end(silent: Client) -> int:
    """Read all frames without answering any, and return how many were pings."""
    pings = 0
    with contextlib.suppress(WebSocketConnectionClosedException, ConnectionError):
        while True:
            pings += silent.socket.recv_frame().opcode == ABNF.OPCODE_PING
    return pings


def test_a_silent_peer_is_pinged_twice_and_then_dropped(server: Server) -> None:
    """Another member, which answers pings and sends nothing else, stays."""
    room = server.make_room()
    alice = server.connect(room, "alice")
    silent = server.connect(room, "silent")
    assert alice.hears()["content"] == "silent joined the chat"

    assert alice.hears()["content"] == "silent left the chat"

    assert pings_until_the_end(silent) >= 2
    assert "silent for 1.2 s" in server.log
    alice.say("I only answered pings")
    assert alice.hears()["content"] == "I only answered pings"


def test_a_peer_that_sends_anything_at_all_is_alive(server: Server) -> None:
    """It answers no ping, but it sends pings of its own, for two heartbeats."""
    room = server.make_room()
    alice = server.connect(room, "alice")
    chatty = server.connect(room, "chatty")
    assert alice.hears()["content"] == "chatty joined the chat"

    for _ in range(6):
        while chatty.socket.recv_frame().opcode != ABNF.OPCODE_PING:
            pass
        chatty.socket.ping()
        alice.say("still here?")
        assert alice.hears()["content"] == "still here?"

import time
from collections.abc import Iterator

import pytest
from websocket import ABNF

from tests.server.process import Server, running

HEARTBEAT = 1.2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("heartbeat"), "--heartbeat", str(HEARTBEAT)) as one:
        yield one


def test_a_silent_peer_is_announced_as_left_and_one_that_answers_pings_is_not(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    server.raw(room, "silent")
    assert alice.hears()["content"] == "silent joined the chat"
    begin = time.monotonic()

    assert alice.hears()["content"] == "silent left the chat"

    assert time.monotonic() - begin > HEARTBEAT * 0.9
    assert "silent for 1.2 s" in server.log
    alice.say("I only answered pings")
    assert alice.hears()["content"] == "I only answered pings"


def test_a_peer_that_sends_anything_at_all_is_alive(server: Server) -> None:
    """It answers no ping, but it sends pings of its own."""
    room = server.make_room()
    alice = server.connect(room, "alice")
    link = server.raw(room, "chatty")
    assert alice.hears()["content"] == "chatty joined the chat"

    deadline = time.monotonic() + 2 * HEARTBEAT
    while time.monotonic() < deadline:
        link.sendall(ABNF.create_frame("", ABNF.OPCODE_PING).format())
        alice.say("still here?")
        assert alice.hears()["content"] == "still here?"
        time.sleep(HEARTBEAT / 10)  # the pace of the pings, not a wait for anything

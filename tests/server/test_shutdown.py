"""The end of the server.

It differs between Python versions, so every one of them has to run this.
"""

import signal
import socket
from pathlib import Path

import pytest

from tests.server.process import PATIENCE, Server, running, text_frame


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_members_hear_1001_and_the_process_ends(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as server:
        alice, bob = (server.connect(server.make_room(), user) for user in ("alice", "bob"))
        alice.say("hello")
        alice.hears()

        server.process.send_signal(number)

        assert [alice.hears_close(), bob.hears_close()] == [1001, 1001]
        assert server.process.wait(PATIENCE) == 0
        assert_quiet(server)


def test_messages_before_the_end_are_heard(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        room = server.make_room()
        alice, bob = server.connect(room, "alice"), server.connect(room, "bob")
        for number in range(100):
            alice.say(str(number))
        while bob.hears()["content"] != "0":
            pass

        server.process.terminate()

        heard, code = bob.hears_all()
        alice.hears_all()
        assert [frame["content"] for frame in heard] == [str(number) for number in range(1, len(heard) + 1)]
        assert code == 1001
        assert server.process.wait(PATIENCE) == 0


def test_unresponsive_clients_do_not_delay_the_end(tmp_path: Path) -> None:
    """These clients neither read nor close.

    Without its limits, Hypercorn would wait a minute for them.
    """
    with running(tmp_path) as server:
        room = server.make_room()
        alice = server.connect(room, "alice")
        for number in range(3):
            server.raw(room, f"deaf{number}", receive_buffer=4096)
        for _ in range(3):
            alice.hears()
        for _ in range(150):  # more than the socket buffers hold, less than an outbox holds
            alice.socket.send(text_frame_content(30_000))
        for _ in range(150):
            alice.hears()
        half_sent = server.raw(room, "half", receive_buffer=4096)
        half_sent.sendall(text_frame("x" * 60_000)[:30_000])
        request = server.opened.enter_context(socket.create_connection(server.address))
        request.sendall(
            b"POST /api/chats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        idle = server.opened.enter_context(socket.create_connection(server.address))
        idle.sendall(b"GET /hea")
        for number in range(20):
            server.raw(room, f"coming{number}")  # not answered yet

        assert server.end() == 0
        assert_quiet(server)


def text_frame_content(size: int) -> str:
    return '{"type":"message","content":"%s"}' % ("x" * size)


def assert_quiet(server: Server) -> None:
    assert "ERROR" not in server.log

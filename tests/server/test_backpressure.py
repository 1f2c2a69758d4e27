"""Members that do not read, or that flood, do not harm anybody else."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websocket import ABNF

from roomproof.load.transport.frames import cut
from tests.server.process import Client, Server, eventually, running, text_frame

MIB = 2**20

CLOSE_1013 = b"\x88\x02" + (1013).to_bytes(2)


def payloads(data: bytes) -> Iterator[bytes]:
    """Return the payloads of the text frames before the Close frame."""
    position = 0
    while (frame := cut(data, position)) is not None and frame.opcode == ABNF.OPCODE_TEXT:
        yield frame.payload
        position = frame.end


def hears_message(member: Client, content: str) -> list[str]:
    """Return the contents of the notices before the message."""
    notices = []
    while (frame := member.hears())["type"] == "system":
        notices.append(frame["content"])
    assert frame["content"] == content
    return notices


@pytest.mark.parametrize("size", [4096, 60_000])
def test_a_slow_member_leaves_while_the_others_hear_all(server: Server, size: int) -> None:
    room = server.make_room()
    alice, bob = server.connect(room, "alice"), server.connect(room, "bob")
    alice.hears()
    server.raw(room, "slow")
    heard_by_alice, heard_by_bob = [alice.hears()["content"]], [bob.hears()["content"]]

    said = 0
    while "slow left the chat" not in heard_by_alice:
        assert said * size < 16 * MIB, "the slow member has not left yet"
        content = f"{said} " + "x" * size
        alice.say(content)
        heard_by_alice += hears_message(alice, content)
        heard_by_bob += hears_message(bob, content)
        said += 1
    alice.say("the end")
    hears_message(alice, "the end")
    heard_by_bob += hears_message(bob, "the end")

    assert heard_by_alice == heard_by_bob == ["slow joined the chat", "slow left the chat"]


def test_a_member_that_reads_too_late_finds_1013_at_the_end(server: Server) -> None:
    """The socket buffers hold the backlog here, and the Close frame behind it.

    The member reads in large pieces and decodes them later, because the server waits only a few seconds.
    """
    room = server.make_room()
    alice = server.connect(room, "alice")
    slow = server.connect(room, "slow")
    alice.hears()

    said = 0
    while not hears_message_or_leave(alice, said):
        said += 1
    link, backlog = slow.socket.sock, b""
    assert link is not None
    while not backlog.endswith(CLOSE_1013):
        part = link.recv(4 * MIB)
        assert part, "the link ended without 1013"
        backlog += part

    heard = [json.loads(payload) for payload in payloads(backlog)]
    assert [frame["content"][:8] for frame in heard] == [f"{number:8}" for number in range(len(heard))]
    assert len(heard) <= said + 1


def hears_message_or_leave(alice: Client, number: int) -> bool:
    content = f"{number:8}" + "x" * 4096
    alice.say(content)
    return "slow left the chat" in hears_message(alice, content)


def test_the_socket_of_a_slow_member_is_closed(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        room = server.make_room()
        alice = server.connect(room, "alice")
        before = server.descriptors
        for number in range(2):
            server.raw(room, f"slow{number}")
        left = joined = 0
        while left < 2:
            alice.say("x" * 32_000)
            while (frame := alice.hears())["type"] == "system":
                joined += "joined" in frame["content"]
                left += "left" in frame["content"]

        assert joined == 2
        eventually(lambda: server.descriptors == before, "the server has closed the sockets of the slow members")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(json.dumps({"type": "message", "content": "x" * 30_000}), id="messages"),
        pytest.param("soup?", id="bad frames"),
        pytest.param('{"type":"ping"}', id="pings"),
    ],
)
def test_a_flood_without_reading_is_slowed_down(tmp_path: Path, frame: str) -> None:
    with running(tmp_path, "--heartbeat", "0") as server:
        room = server.make_room()
        alice = server.connect(server.make_room(), "alice")
        before = server.resident_bytes
        flooder = server.raw(room, "flooder")
        flooder.settimeout(1)
        batch = text_frame(frame) * (MIB // len(frame))

        flooded = 0
        flooding = True
        while flooding and flooded < 200 * MIB:
            try:
                flooder.sendall(batch)
                flooded += MIB
            except TimeoutError:
                flooding = False

        assert not flooding, "the server took 200 MiB from a client that reads nothing"
        assert server.resident_bytes - before < 48 * MIB
        alice.say("still there?")
        assert alice.hears()["content"] == "still there?"


def test_a_flooder_that_reads_hears_everything_in_order(server: Server) -> None:
    room = server.make_room()
    bob = server.connect(room, "bob")
    number = 20_000

    def flood() -> None:
        for count in range(number):
            bob.say(str(count))

    flooding = threading.Thread(target=flood)
    flooding.start()
    heard = [bob.hears()["content"] for _ in range(number)]
    flooding.join()

    assert heard == [str(count) for count in range(number)]

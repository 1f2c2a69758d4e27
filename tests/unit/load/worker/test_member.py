"""What a member hears is told to the judge as whole messages, however it was read."""

import json
from typing import cast

import pytest
from websocket import ABNF, STATUS_PROTOCOL_ERROR

from roomproof.client.target import Target
from roomproof.history import Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.frame_cache import CachedFrame
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.transport.frames import Frame, cut
from roomproof.load.transport.read_loop import ReadLoop, Receive
from roomproof.load.worker import member as member_module
from roomproof.load.worker.member import open_member
from roomproof.load.worker.room import LoadRoom
from tests.unit.load.server_frames import served


class Server:
    """The other end of a link: what it sends, cut into pieces."""

    is_closed = False
    """As of an read_loop."""

    def __init__(self) -> None:
        self.receive: Receive | None = None
        self.closed_with: int | None = None
        self.line: StreamingConnection | None = None
        """That of the member."""

    def start_reading(self, receive: Receive) -> None:
        """As of a link."""
        self.receive = receive

    def send_close(self, code: int) -> None:
        """As of a link."""
        self.closed_with = code

    def close(self, *, reset: bool) -> None:
        """As of a link."""

    def send(self, data: bytes, piece: int) -> None:
        """Have it read piece by piece."""
        assert self.receive is not None
        for begin in range(0, len(data), piece):
            self.receive(data[begin : begin + piece], 1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the judge is told."""
    told: list[bytes] = []
    monkeypatch.setattr(StreamingRoom, "receive", lambda _self, _line, payload, _at: told.append(payload))
    return told


@pytest.fixture
def malformed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why what came is no text frame, as the judge is told."""
    malformed: list[str] = []
    monkeypatch.setattr(
        StreamingRoom, "receive_malformed", lambda _room, _line, _data, reason, _at: malformed.append(reason)
    )
    return malformed


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """To which a member is connected."""
    server = Server()
    monkeypatch.setattr(member_module, "connect", lambda *_, **__: (server, ""))
    room = LoadRoom("kitchen", "u", StreamingRoom("kitchen", Started(epoch=0, capabilities=[]), 1))
    member = open_member(room, 1, "alice", Target("http://chat.test"), cast(ReadLoop, server), None)
    server.line = member.connection
    return server


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 65_536])
def test_messages_are_whole_however_they_were_read(server: Server, told: list[bytes], piece: int) -> None:
    payloads = [json.dumps("soup" * size).encode() for size in (0, 1, 40, 20_000)]

    server.send(b"".join(map(served, payloads)) * 2, piece)

    assert told == [*payloads, *payloads]


def test_a_message_in_parts_is_put_together(server: Server, told: list[bytes]) -> None:
    parts = [(ABNF.OPCODE_TEXT, b"so", 0), (ABNF.OPCODE_PONG, b"", 1), (ABNF.OPCODE_CONT, b"u", 0)]
    parts += [(ABNF.OPCODE_CONT, b"p", 1), (ABNF.OPCODE_TEXT, b"bread", 1)]

    server.send(b"".join(served(payload, opcode, fin) for opcode, payload, fin in parts), 3)

    assert told == [b"soup", b"bread"]


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        pytest.param(
            [(ABNF.OPCODE_TEXT, b"so", 0), (ABNF.OPCODE_BINARY, b"x", 1), (ABNF.OPCODE_CONT, b"up", 1)],
            "a new message between the fragments of another",
            id="a binary frame between parts",
        ),
        pytest.param(
            [(ABNF.OPCODE_TEXT, b"so", 0), (ABNF.OPCODE_TEXT, b"bread", 1), (ABNF.OPCODE_CONT, b"up", 1)],
            "a new message between the fragments of another",
            id="a text frame between parts",
        ),
        pytest.param(
            [(ABNF.OPCODE_BINARY, b"so", 0), (ABNF.OPCODE_CONT, b"up", 1)],
            "a fragmented binary message",
            id="a binary message",
        ),
        pytest.param(
            [(ABNF.OPCODE_CONT, b"up", 1)], "a continuation frame without a message to continue", id="no beginning"
        ),
    ],
)
def test_parts_that_are_no_message_are_an_error(
    server: Server, told: list[bytes], malformed: list[str], frames: list[tuple[int, bytes, int]], reason: str
) -> None:
    server.send(b"".join(served(payload, opcode, fin) for opcode, payload, fin in frames), 65_536)

    assert (told, malformed) == ([], [reason])
    assert server.closed_with == STATUS_PROTOCOL_ERROR


def test_between_parts_nothing_is_taken_for_what_is_expected(server: Server, malformed: list[str]) -> None:
    """Comparing bytes, which is quicker, knows nothing of parts."""
    assert server.line is not None
    soup = json.dumps({"type": "message"}).encode()
    server.line.cached_frames = [CachedFrame(served(soup), len(served(soup)), 2, 0, 0, 0)]

    server.send(served(b"{", ABNF.OPCODE_TEXT, fin=0) + served(soup), 65_536)

    assert malformed == ["a new message between the fragments of another"]


def test_parts_without_end_are_an_error(
    server: Server, told: list[bytes], malformed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_module, "MAX_MESSAGE_BYTES", 1_000)
    first, other = served(b"x" * 100, ABNF.OPCODE_TEXT, fin=0), served(b"x" * 100, ABNF.OPCODE_CONT, fin=0)

    server.send(first + other * 100, 65_536)

    assert told == []
    assert malformed == ["a fragmented message of more than 1000 bytes"]
    assert server.closed_with == STATUS_PROTOCOL_ERROR


def test_a_long_message_is_put_together_once(
    server: Server, told: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with each piece anew: that took seconds for a message of 32 MB."""
    looks: list[int] = []

    def look(data: bytes, begin: int) -> Frame | None:
        looks.append(len(data))
        return cut(data, begin)

    monkeypatch.setattr(member_module, "cut", look)

    server.send(served(b"x" * 2_000_000), 1_000)

    assert [len(payload) for payload in told] == [2_000_000]
    assert looks == [1_000, 2_000_010]

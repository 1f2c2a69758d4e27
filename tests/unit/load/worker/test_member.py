"""The judge gets whole messages, however a member read them."""

import json
from pathlib import Path
from typing import cast

import pytest
from websocket import ABNF, STATUS_PROTOCOL_ERROR

from roomproof.client.target import Target
from roomproof.client.target_file import read_target
from roomproof.dialects.session import UserRow
from roomproof.history import Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.frame_cache import CachedFrame
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.transport.frames import Frame, cut
from roomproof.load.transport.read_loop import ReadLoop, Receive
from roomproof.load.transport.socket import Connected, LoadSocket
from roomproof.load.worker import member as member_module
from roomproof.load.worker.member import LoadMember, open_member
from roomproof.load.worker.room import LoadRoom
from tests.unit.load.server_frames import served


class Server:
    """The other end of a link, which sends its data in pieces."""

    is_closed = False
    """As a read loop has it."""

    has_abandoned_send = False
    """As a link has it."""

    def __init__(self) -> None:
        self.receive: Receive | None = None
        self.closed_with: int | None = None
        self.sent: list[tuple[bytes, int]] = []
        """The frames that the member sent, each with its opcode."""
        self.connection: StreamingConnection | None = None
        """The connection of the member, as the judge knows it."""

    def start_reading(self, receive: Receive) -> None:
        """As a link does."""
        self.receive = receive

    def send_close(self, code: int) -> None:
        """As a link does."""
        self.closed_with = code

    def close(self, *, reset: bool) -> None:
        """As a link does."""

    def send(self, payload: bytes, opcode: int) -> None:
        """As a link does."""
        self.sent.append((payload, opcode))

    def serve(self, data: bytes, piece: int = 65_536) -> None:
        """Send data piece by piece."""
        assert self.receive is not None
        for begin in range(0, len(data), piece):
            self.receive(data[begin : begin + piece], 1)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the messages that the judge gets."""
    judged: list[bytes] = []
    monkeypatch.setattr(StreamingRoom, "receive", lambda _self, _connection, payload, _at: judged.append(payload))
    return judged


@pytest.fixture
def malformed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the reasons of malformed frames that the judge gets."""
    malformed: list[str] = []
    monkeypatch.setattr(
        StreamingRoom, "receive_malformed", lambda _room, _connection, _data, reason, _at: malformed.append(reason)
    )
    return malformed


ANSWERING = """
url = "http://chat.test"
codec = "json"
without = ["notices", "errors", "timestamps"]
[room]
implicit = "kitchen-{random}"
[connect]
path = "/{room}"
[say]
frame = {text = "{content}", number = "{number}"}
[[hear]]
message = {content = "text", sender = "from"}
[[answer]]
frame = {ping = "{id}"}
with = {pong = "{id}", by = "{user}"}
[heartbeat]
every = 30
frame = {alive = "{number}"}
[leave]
frame = {bye = "{user}"}
"""
"""A service whose keep-alives would be messages if they were not answered."""


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[LoadMember, Server]:
    """Return a member of a service with keep-alives, and the server."""
    server = Server()
    connected = lambda _, session, *__, **___: Connected(cast(LoadSocket, server), "", session, (b"left over",))  # noqa: E731
    monkeypatch.setattr(member_module, "connect", connected)
    file = tmp_path / "chat.toml"
    file.write_text(ANSWERING)
    target = read_target(str(file))
    judge = StreamingRoom("kitchen", Started(), 1, frames=target.dialect.frames)
    room = LoadRoom("kitchen", "u", judge)
    return open_member(room, 1, UserRow("alice"), target, cast(ReadLoop, server), None), server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the server to which a member is connected."""
    server = Server()
    monkeypatch.setattr(
        member_module, "connect", lambda _, session, *__, **___: Connected(cast(LoadSocket, server), "", session)
    )
    room = LoadRoom("kitchen", "u", StreamingRoom("kitchen", Started(epoch=0, capabilities=[]), 1))
    member = open_member(room, 1, UserRow("alice"), Target("http://chat.test"), cast(ReadLoop, server), None)
    server.connection = member.connection
    return server


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 65_536])
def test_messages_are_whole_however_they_were_read(server: Server, judged: list[bytes], piece: int) -> None:
    payloads = [json.dumps("soup" * size).encode() for size in (0, 1, 40, 20_000)]

    server.serve(b"".join(map(served, payloads)) * 2, piece)

    assert judged == [*payloads, *payloads]


def test_a_fragmented_message_is_put_together(server: Server, judged: list[bytes]) -> None:
    parts = [(ABNF.OPCODE_TEXT, b"so", 0), (ABNF.OPCODE_PONG, b"", 1), (ABNF.OPCODE_CONT, b"u", 0)]
    parts += [(ABNF.OPCODE_CONT, b"p", 1), (ABNF.OPCODE_TEXT, b"bread", 1)]

    server.serve(b"".join(served(payload, opcode, fin) for opcode, payload, fin in parts), 3)

    assert judged == [b"soup", b"bread"]


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
def test_fragments_that_make_no_message_are_an_error(
    server: Server, judged: list[bytes], malformed: list[str], frames: list[tuple[int, bytes, int]], reason: str
) -> None:
    server.serve(b"".join(served(payload, opcode, fin) for opcode, payload, fin in frames), 65_536)

    assert (judged, malformed) == ([], [reason])
    assert server.closed_with == STATUS_PROTOCOL_ERROR


def test_no_frame_between_fragments_is_taken_for_a_cached_one(server: Server, malformed: list[str]) -> None:
    """The fast path, which compares bytes, knows nothing of fragments."""
    assert server.connection is not None
    soup = json.dumps({"type": "message"}).encode()
    server.connection.cached_frames = [CachedFrame(served(soup), len(served(soup)), 2, 0, 0, 0)]

    server.serve(served(b"{", ABNF.OPCODE_TEXT, fin=0) + served(soup), 65_536)

    assert malformed == ["a new message between the fragments of another"]


def test_endless_fragments_are_an_error(
    server: Server, judged: list[bytes], malformed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_module, "MAX_MESSAGE_BYTES", 1_000)
    first, other = served(b"x" * 100, ABNF.OPCODE_TEXT, fin=0), served(b"x" * 100, ABNF.OPCODE_CONT, fin=0)

    server.serve(first + other * 100, 65_536)

    assert judged == []
    assert malformed == ["a fragmented message of more than 1000 bytes"]
    assert server.closed_with == STATUS_PROTOCOL_ERROR


def test_a_long_message_is_put_together_once(
    server: Server, judged: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joining all pieces with each new one took seconds for a message of 32 MB."""
    looks: list[int] = []

    def look(data: bytes, begin: int) -> Frame | None:
        looks.append(len(data))
        return cut(data, begin)

    monkeypatch.setattr(member_module, "cut", look)

    server.serve(served(b"x" * 2_000_000), 1_000)

    assert [len(payload) for payload in judged] == [2_000_000]
    assert looks == [1_000, 2_000_010]


def test_keep_alives_are_answered_and_never_judged(answering: tuple[LoadMember, Server], judged: list[bytes]) -> None:
    _, server = answering
    server.serve(served(b'{"ping": 7}') + served(b'{"text": "soup"}') + served(b'{"ping": 8}'))

    assert server.sent == [
        (b'{"pong":7,"by":"alice"}', ABNF.OPCODE_TEXT),
        (b'{"pong":8,"by":"alice"}', ABNF.OPCODE_TEXT),
    ]
    assert judged == [b'{"text": "soup"}']


def test_a_member_speaks_its_dialect(answering: tuple[LoadMember, Server]) -> None:
    member, server = answering
    member.send_message("soup", 0, 1)
    member.send_message("bread", 0, 2)

    first, second = (json.loads(payload) for payload, _ in server.sent)
    assert (first["number"], second["number"]) == (1, 2)
    assert first["text"].endswith(" soup")


def test_a_member_sends_keep_alives_until_it_leaves(answering: tuple[LoadMember, Server]) -> None:
    member, server = answering
    is_there = member.keep_alive(1)
    member.drop_link()

    assert (is_there, member.keep_alive(2)) == (True, False)
    assert server.sent == [(b'{"alive":1}', ABNF.OPCODE_TEXT)]


def test_a_member_says_goodbye_before_it_closes(answering: tuple[LoadMember, Server]) -> None:
    member, server = answering
    member.begin_close()

    assert server.sent == [(b'{"bye":"alice"}', ABNF.OPCODE_TEXT)]
    assert server.closed_with == 1000


def test_binary_frames_are_read_where_a_dialect_may_have_them(
    answering: tuple[LoadMember, Server], malformed: list[str]
) -> None:
    member, server = answering
    server.serve(served(b"so", ABNF.OPCODE_BINARY, 0) + served(b"up", ABNF.OPCODE_CONT, 1))
    server.serve(served(b"bread", ABNF.OPCODE_BINARY, 1))

    found = [one.text for one in member.judge.finish().findings]
    assert malformed == []
    assert len(found) == 3, "the frame that was left over by the opening, and two messages"

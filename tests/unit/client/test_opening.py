"""Frames between the handshake and the first message."""

import socket
from collections.abc import Sequence

import pytest
from websocket import ABNF

from roomproof.client.connection import ClientConnection
from roomproof.client.opening import Frame, Opening, play_opening
from roomproof.client.redaction import without_secrets
from roomproof.client.service import Service, UserSource
from roomproof.client.target import Target
from roomproof.dialects.session import Session, UserRow
from roomproof.history import Received
from roomproof.recorder import Recorder
from roomproof.stage.room import refusal_of
from tests.faults.nulls import accept_websocket, null_server, read_request
from tests.listening import PATIENCE
from tests.unit.dialects.files import CHAT, dialect_of

ALICE = Session("kitchen", UserRow("alice"))
JOINED = '{"event":"joined","room":"kitchen","user":{"id":7}}'


def played(
    received: Sequence[Frame], *, text: str = CHAT, session: Session = ALICE, sent: list[Frame] | None = None
) -> Opening:
    """Play an opening in which the server sends these frames, and then nothing."""
    frames = iter(received)

    def receive() -> Frame:
        for frame in frames:
            return frame
        raise TimeoutError

    return play_opening(dialect_of(text).frames, session, (sent if sent is not None else []).append, receive)


def test_what_arrives_before_the_opening_is_done_is_kept() -> None:
    early = ['{"event":"chat","text":"one"}', '{"event":"chat","text":"two"}']

    opening = played([*early, JOINED])

    assert (opening.refused, opening.others) == (None, tuple(early))
    assert opening.session.learned == {"me": 7}


def test_keep_alives_are_answered_once_and_kept_nowhere() -> None:
    sent: list[Frame] = []

    opening = played(['{"event":"ping","id":3}', JOINED], sent=sent)

    assert sent == ['{"event":"join","room":"kitchen"}', '{"event":"pong","id":3}']
    assert (opening.refused, opening.others) == (None, ())
    assert opening.shown == (
        (">", sent[0]),
        ("<", '{"event":"ping","id":3}'),
        (">", sent[1]),
        ("<", JOINED),
    )


def test_a_refusal_is_no_frame_of_the_room() -> None:
    opening = played(['{"event":"denied"}'])

    assert (opening.refused, opening.others) == ('{"event":"denied"}', ())


def test_an_opening_that_gets_no_answer_says_what_it_waits_for() -> None:
    assert played([]).refused == "expected [[opening]] 2 expect in time, got nothing"
    assert played(['{"event":"else"}']).refused == "expected [[opening]] 2 expect in time, got only other frames"


def test_no_secret_of_a_user_is_shown() -> None:
    text = '[users]\nfile = "x"\n' + CHAT.replace('{event = "join", room', '{event = "join", token = "{token}", room')
    text = text.replace('with = {event = "pong", id = "{id}"}', 'with = {event = "pong", token = "{token}"}')
    sent: list[Frame] = []

    opening = played(
        ['{"event":"ping","id":1,"of":"opensesame"}', JOINED],
        text=text,
        session=Session("kitchen", UserRow("alice", {"token": "opensesame"})),
        sent=sent,
    )

    assert str(sent).count("opensesame") == 2
    assert "opensesame" not in f"{opening!r}"


TO_ANYBODY = b'{"event":"chat","text":"soup","from":"bob","room":"kitchen","ts":"2025-12-23T22:12:57"}'
CLOSE_1008 = (1008).to_bytes(2)


def frame(payload: bytes, opcode: int) -> bytes:
    """Return a frame of a server."""
    one = ABNF.create_frame(payload, opcode)
    one.mask_value = 0
    return one.format()


@pytest.mark.parametrize(
    ("frames", "code", "is_silent"),
    [
        pytest.param([(CLOSE_1008, ABNF.OPCODE_CLOSE)], 1008, True, id="a Close frame"),
        pytest.param([(b'{"event":"denied"}', ABNF.OPCODE_TEXT)], None, True, id="a frame of its own"),
        pytest.param(
            [(TO_ANYBODY, ABNF.OPCODE_TEXT), (CLOSE_1008, ABNF.OPCODE_CLOSE)], 1008, False, id="a message before it"
        ),
        pytest.param(
            [(TO_ANYBODY, ABNF.OPCODE_TEXT), (b'{"event":"denied"}', ABNF.OPCODE_TEXT)], None, False, id="both"
        ),
    ],
)
def test_a_refused_opening_says_how_and_what_came(
    frames: list[tuple[bytes, int]], code: int | None, is_silent: bool
) -> None:
    def refuse(link: socket.socket) -> None:
        accept_websocket(link, read_request(link)[1])
        link.sendall(b"".join(frame(*one) for one in frames))
        link.recv(65_536)

    with null_server(refuse) as server:
        target = Target(server.url, service=Service(dialect_of(CHAT)))
        connection = ClientConnection(target, Recorder(), "kitchen", "alice")
        assert not connection.open()

    refusal = refusal_of(connection)
    assert (refusal.status, refusal.code, refusal.is_silent) == (None, code, is_silent)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        pytest.param({"token": "s3cr3t-s3cr3t"}, '{"you":"{token}","nick":"charlotte"}', id="a token"),
        pytest.param({"token": "char"}, '{"you":"s3cr3t-s3cr3t","nick":"charlotte"}', id="a word"),
        pytest.param({"nick": "charlotte"}, '{"you":"s3cr3t-s3cr3t","nick":"charlotte"}', id="a name"),
    ],
)
def test_a_token_that_comes_back_is_not_shown(columns: dict[str, str], shown: str) -> None:
    session = Session("kitchen", UserRow("alice", columns))

    assert without_secrets('{"you":"s3cr3t-s3cr3t","nick":"charlotte"}', session, only="token") == shown


class Tokens(UserSource):
    """Users who all have one token."""

    def row(self, name: str) -> UserRow:
        return UserRow(name, {"token": "s3cr3t-s3cr3t"})


def test_histories_hold_no_token_that_comes_back() -> None:
    def greet(link: socket.socket) -> None:
        accept_websocket(link, read_request(link)[1])
        link.sendall(frame(b'{"you":"s3cr3t-s3cr3t"}', ABNF.OPCODE_TEXT) + frame(b"\x03\xe8", ABNF.OPCODE_CLOSE))
        link.recv(65_536)

    recorder = Recorder()
    with null_server(greet) as server:
        connection = ClientConnection(Target(server.url, service=Service(users=Tokens())), recorder, "kitchen", "alice")
        assert connection.open()
        recorder.wait_for(lambda: connection.closed, PATIENCE)

    assert [one.text for one in recorder.events() if isinstance(one, Received)] == ['{"you":"{token}"}']

"""Frames that a file declares are said, read and answered as it says."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.codecs.codec import FrameError
from roomproof.dialects.frames import Progress
from roomproof.dialects.session import Session, UserRow
from roomproof.errors import UsageError
from roomproof.spec.messages import (
    Bad,
    Error,
    Frame,
    Ignored,
    Malformed,
    Message,
    Notice,
    NoticeKind,
    Perhaps,
    Ping,
    Pong,
    Unmatched,
    Upkeep,
    Valid,
)
from roomproof.spec.rules import Need
from tests.unit.dialects.files import CHAT, IN_KITCHEN, dialect_of

CONTENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)

TIME = "2025-12-23T22:12:57"

FRAMES = dialect_of(CHAT).frames

TEXT = 'codec = "text"\nwithout = ["notices", "errors", "sender", "timestamps"]\nroom = {implicit = "room-{random}"}\n'
TEXT += 'connect = {path = "/sub/{room}"}\n'


def joined(user: str) -> Notice:
    """The notice of a join in the kitchen, at 22:12:57 by the clock of another format."""
    return Notice(NoticeKind.JOINED, user, "kitchen", f"{TIME}+00:00")


def test_a_message_is_said_in_the_declared_frame() -> None:
    frame = FRAMES.say("soup", IN_KITCHEN)

    assert json.loads(str(frame)) == {"event": "chat", "text": "soup"}
    assert FRAMES.payload("soup", IN_KITCHEN) == str(frame).encode()
    assert json.loads(str(FRAMES.say("soup", IN_KITCHEN, extra={"a": 1}))) == {"event": "chat", "text": "soup", "a": 1}


@given(CONTENT)
def test_whatever_is_said_is_classified_as_said(content: str) -> None:
    assert FRAMES.read_sent(FRAMES.say(content, IN_KITCHEN)) == Valid(content)


@given(CONTENT)
def test_a_content_arrives_as_it_was_said(content: str) -> None:
    received = json.dumps({"event": "chat", "text": content, "from": "bob", "room": "kitchen", "ts": TIME})

    assert FRAMES.read(received, "kitchen") == Message(content, "bob", "kitchen", TIME)
    assert FRAMES.read_payload(received.encode(), "kitchen") == Message(content, "bob", "kitchen", TIME)


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        ('{"event":"user_joined","user":"bob","ts":1766527977}', joined("bob")),
        ('{"event":"user_left","user":7,"ts":1766527977000}', Notice(NoticeKind.LEFT, "7", "kitchen", f"{TIME}+00:00")),
        ('{"event":"problem","reason":"why"}', Error("why")),
        ('{"event":"problem"}', Error(None)),
        ('{"event":"typing","by":"bob"}', Ignored("ignored")),
        ('{"event":"joined","room":"kitchen","user":{"id":7}}', Ignored("opening or keep-alive")),
        ('{"event":"denied"}', Ignored("opening or keep-alive")),
        ('{"event":"ping","id":1}', Ignored("opening or keep-alive")),
    ],
)  # fmt: skip
def test_a_frame_is_read_by_the_first_entry_that_matches(frame: str, read: Frame) -> None:
    assert FRAMES.read(frame, "kitchen") == read


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"text": 7}, "expected a string as content of a frame of kind message at 'text', got 7"),
        ({"from": None}, "expected a string or a whole number as sender .* got none"),
        ({"from": True}, "as sender .* got True"),
        ({"room": ["kitchen"]}, "as room"),
        ({"ts": "now"}, "seconds or milliseconds since 1970 as timestamp .* got 'now'"),
    ],
)
def test_a_wrong_field_makes_a_message_malformed(fields: dict[str, object], complaint: str) -> None:
    frame = {"event": "chat", "text": "soup", "from": "bob", "room": "kitchen", "ts": TIME, **fields}
    read = FRAMES.read(json.dumps(frame), "kitchen")

    assert isinstance(read, Malformed)
    assert read.content == frame["text"]
    with pytest.raises(AssertionError, match=complaint):
        raise AssertionError(read.reason)


@pytest.mark.parametrize("frame", ["", "pong", '{"event":"dance"}', "[1]", "null", b"\x00"])
def test_a_frame_that_nothing_matches_is_never_guessed_at(frame: str | bytes) -> None:
    read = FRAMES.read(frame, "kitchen")

    assert isinstance(read, Unmatched)
    assert read.frame in (frame, repr(frame))


def test_a_strict_file_calls_such_a_frame_malformed() -> None:
    assert isinstance(dialect_of(f"strict = true\n{CHAT}").frames.read("pong", "kitchen"), Malformed)


@given(st.text() | st.binary())
def test_any_frame_is_read_and_classified(frame: str | bytes) -> None:
    assert FRAMES.read(frame, "kitchen") == FRAMES.read(frame, "kitchen")
    assert FRAMES.read_sent(frame) is not None
    assert FRAMES.answer(frame, IN_KITCHEN) is None


@pytest.mark.parametrize(
    ("frame", "sent"),
    [
        ('{"event":"join","room":"kitchen"}', Upkeep()),
        ('{"event":"pong","id":3}', Upkeep()),
        ("nonsense mark-1", Bad("expected JSON", "nonsense mark-1")),
        ('{"event":"chat","mark":"x"}', Bad("no frame of [say]", {"event": "chat", "mark": "x"})),
        ('{"event":"chat","text":7}', Bad("no frame of [say]", 7)),
        ('{"event":"chat","text":""}', Bad("no frame of [say]", "")),
        (b"x", Bad("expected a text frame, got a binary one", b"x", is_binary=True)),
        ('{"event":"chat","text":"\\ud800"}', Perhaps("\ud800")),
    ],
)  # fmt: skip
def test_a_sent_frame_is_classified(frame: str | bytes, sent: object) -> None:
    assert FRAMES.read_sent(frame) == sent


def test_a_content_beyond_the_limits_may_be_refused() -> None:
    assert FRAMES.read_sent(FRAMES.say("x" * 5_000, IN_KITCHEN)) == Perhaps("x" * 5_000)


def test_bad_frames_carry_a_mark() -> None:
    made = [bad.make("mark-1", IN_KITCHEN) for bad in FRAMES.bad_frames]

    assert made == ["nonsense mark-1", '{"event":"chat","mark":"mark-1"}']
    assert all(isinstance(FRAMES.read_sent(frame), Bad) for frame in made)


def opened(frames: list[str]) -> Progress:
    """Play the opening of the example with these frames of the server."""
    progress = FRAMES.begin(IN_KITCHEN)
    for frame in frames:
        progress = FRAMES.advance(progress, frame)
    return progress


def test_an_opening_sends_and_waits() -> None:
    progress = opened([])

    assert progress.send == ('{"event":"join","room":"kitchen"}',)
    assert (progress.is_done, progress.awaits) == (False, "[[opening]] 2 expect")


def test_an_opening_is_done_when_all_has_come() -> None:
    progress = opened(['{"event":"typing"}', '{"event":"joined","room":"kitchen","user":{"id":7}}'])

    assert (progress.is_done, progress.send) == (True, ())
    assert progress.session.learned == {"me": 7}


def test_an_opening_waits_for_its_own_room() -> None:
    assert not opened(['{"event":"joined","room":"garage","user":{"id":7}}']).is_done


def test_an_opening_does_not_go_on_for_keep_alives() -> None:
    progress = opened(['{"event":"ping","id":3}'])

    assert (progress.send, progress.is_done) == ((), False)


def test_a_refused_opening_shows_why() -> None:
    progress = opened(['{"event":"denied","why":"not invited"}'])

    assert progress.refused == '{"event":"denied","why":"not invited"}'
    assert not progress.is_done


def test_a_pointer_that_teaches_nothing_is_named() -> None:
    with pytest.raises(UsageError, match=r"chat.toml, \[\[opening\]\] 2 learn me: expected 'user.id' to find me"):
        opened(['{"event":"joined","room":"kitchen"}'])


def test_what_was_learned_can_be_sent() -> None:
    text = CHAT.replace('text = "{content}"}', 'text = "{content}", by = "{me}", nr = "{number}"}')
    frames = dialect_of(text).frames
    session = IN_KITCHEN.learn({"me": 7})

    assert json.loads(str(frames.say("soup", session, 3))) == {"event": "chat", "text": "soup", "by": 7, "nr": 3}


def test_others_can_know_a_connection_by_another_name() -> None:
    dialect = dialect_of(f'[users]\nfile = "people.csv"\nknown_as = "{{nick}}-{{me}}"\n{CHAT}')
    session = Session("kitchen", UserRow("alice", {"nick": "al"}), {"me": 7})

    assert dialect.known_as(session) == "al-7"
    assert dialect_of(CHAT).known_as(session) == "alice"


def test_a_heartbeat_is_due_at_times() -> None:
    frames = dialect_of(f'{CHAT}\n[heartbeat]\nevery = 25\nframe = {{event = "alive", nr = "{{number}}"}}').frames

    assert frames.heartbeat_s == 25
    assert frames.heartbeat(IN_KITCHEN, 2) == '{"event":"alive","nr":2}'
    assert frames.read_sent('{"event":"alive","nr":2}') == Upkeep()
    with pytest.raises(LookupError):
        FRAMES.heartbeat(IN_KITCHEN)


def test_a_leave_is_sent_before_a_close_frame() -> None:
    frames = dialect_of(f'{CHAT}\n[leave]\nframe = {{event = "bye", who = "{{user}}"}}').frames

    assert frames.leave(IN_KITCHEN) == '{"event":"bye","who":"alice"}'
    assert frames.read_sent('{"event":"bye","who":"alice"}') == Upkeep()
    assert FRAMES.leave(IN_KITCHEN) is None


def test_a_ping_of_the_protocol_can_be_declared() -> None:
    text = (
        CHAT.replace("[say]\n", '[say]\nping = {event = "ping?"}\n') + '[[hear]]\nwhen = {event = "pong!"}\npong = {}\n'
    )
    frames = dialect_of(text).frames

    assert frames.ping(IN_KITCHEN) == '{"event":"ping?"}'
    assert frames.read_sent('{"event":"ping?"}') == Ping()
    assert frames.read('{"event":"pong!"}', "kitchen") == Pong("")
    assert FRAMES.ping(IN_KITCHEN) is None


@given(CONTENT)
def test_a_text_is_the_frame_itself(content: str) -> None:
    frames = dialect_of(TEXT).frames

    assert frames.say(content, IN_KITCHEN) == content
    assert frames.read(content, "kitchen") == Message(content, "", "kitchen", "")
    assert dialect_of(TEXT).without >= {Need.EXTRA_FIELDS, Need.BAD_FRAMES, Need.REFUSAL, Need.ROOMS}


@given(CONTENT, st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(0, 10**6))
def test_an_envelope_carries_the_sender(content: str, user: str, number: int) -> None:
    frames = dialect_of(f'{TEXT}say = {{frame = "{{content}}", envelope = true}}').frames
    frame = frames.say(content, Session("kitchen", UserRow(user)), number)

    assert frames.read(frame, "kitchen") == Message(content, user, "kitchen", "")
    assert isinstance(frames.read_sent(frame), Valid)


def test_a_line_of_text_can_name_its_sender() -> None:
    text = TEXT.replace('"sender", ', "") + '[[hear]]\nwhen = "<{sender}> {content}"\nmessage = {}\n'
    frames = dialect_of(text).frames

    assert frames.read("<bob> soup", "kitchen") == Message("soup", "bob", "kitchen", "")
    assert isinstance(frames.read("welcome", "kitchen"), Unmatched)


def test_socket_io_opens_and_keeps_alive_by_itself() -> None:
    frames = dialect_of(
        TEXT.replace('"text"', '{name = "socketio", auth = {token = "{user}"}}')
        + '[[opening]]\nsend = ["join", "{room}"]\n[say]\nframe = ["say", {text = "{content}"}]\n'
        + '[[hear]]\nwhen = ["said"]\nmessage = {content = "[1].text"}\n'
    ).frames
    progress = frames.begin(IN_KITCHEN)
    assert not progress.send

    progress = frames.advance(progress, '0{"sid":"x"}')
    assert progress.send == ('40{"token":"alice"}',)
    assert frames.advance(progress, '44{"message":"no"}').refused == '44{"message":"no"}'

    progress = frames.advance(progress, '40{"sid":"y"}')
    assert (progress.send, progress.is_done) == (('42["join","kitchen"]',), True)
    assert frames.answer("2", IN_KITCHEN) == "3"
    assert frames.say("soup", IN_KITCHEN) == '42["say",{"text":"soup"}]'
    assert frames.read('42["said",{"text":"soup"}]', "kitchen") == Message("soup", "", "kitchen", "")
    attachment = frames.read('451-["file"]', "kitchen")
    assert isinstance(attachment, Unmatched)
    assert "binary attachments" in attachment.reason


class BinaryCodec:
    """A codec of binary frames: the content, and a byte before it."""

    tables: Mapping[str, object] = {}

    def check(self, value: object) -> None:
        """Take any table."""

    def encode(self, value: object) -> bytes:
        """Return the content with a byte before it."""
        assert isinstance(value, dict)
        return b"\x01" + str(value["text"]).encode()

    def decode(self, frame: str | bytes) -> object:
        """Return the content."""
        if isinstance(frame, str) or frame[:1] != b"\x01":
            raise FrameError("expected a binary frame")
        return {"text": frame[1:].decode()}


def test_a_codec_can_be_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomproof.dialects.codecs.catalogue.BUILT_IN", {"binary": BinaryCodec})
    frames = dialect_of(
        TEXT.replace('"text"', '"binary"', 1)
        + '[say]\nframe = {text = "{content}"}\n[[hear]]\nmessage = {content = "text"}\n'
    ).frames

    assert frames.say("soup", IN_KITCHEN) == frames.payload("soup", IN_KITCHEN) == b"\x01soup"
    assert frames.read(b"\x01soup", "kitchen") == Message("soup", "", "kitchen", "")
    assert frames.read_payload(b"\x01soup", "kitchen", is_binary=True) == Message("soup", "", "kitchen", "")
    assert frames.read_sent(b"\x01soup") == Valid("soup")

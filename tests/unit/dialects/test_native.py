"""The native dialect is PROTOCOL.md, and lacks nothing."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.bad_frames import native_bad_frames
from roomproof.dialects.declared_frames import DeclaredFrames
from roomproof.dialects.native import native
from roomproof.dialects.native_frames import NativeFrames
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import Session, UserRow
from roomproof.spec import messages
from roomproof.spec.messages import Bad, Error, Ignored, Malformed, Message, Notice, Valid
from roomproof.spec.rules import Need, read_protocol
from tests.unit.dialects.files import ALICE, IN_KITCHEN, dialect_of

TIME = "2025-12-23T22:12:57.198004"

EXAMPLES = [
    text.replace("TIME", TIME)
    for text in (
        '{"type":"message","content":"soup","sender_id":"bob","chat_id":"kitchen","timestamp":"TIME"}',
        '{"type":"message","content":7,"sender_id":"bob","chat_id":"kitchen","timestamp":"TIME"}',
        '{"type":"message","content":"soup","sender_id":"bob","timestamp":"TIME"}',
        '{"type":"message","content":"soup","sender_id":"bob","chat_id":"kitchen","timestamp":"now"}',
        '{"type":"system","content":"a joined the chat","chat_id":"kitchen","timestamp":"TIME"}',
        '{"type":"system","content":"a left the chat left the chat","chat_id":"kitchen","timestamp":"TIME"}',
        '{"type":"system","content":"welcome"}',
        '{"type":"system","content":7}',
        '{"type":"error","content":"why"}',
        '{"type":"error"}',
        '{"type":"pong","timestamp":"TIME"}',
        '{"type":"pong"}',
        '{"type":"dance"}',
        '{"type":7}',
        '{"content":"soup"}',
        "[1]",
        '"soup"',
    )
]

FRAMES = st.text() | st.binary() | st.sampled_from(EXAMPLES)


@given(FRAMES)
def test_native_frames_are_read_as_the_protocol_says(frame: str | bytes) -> None:
    assert native().frames.read(frame, "kitchen") == messages.read(frame)
    assert native().frames.read_sent(frame) == messages.read_sent(frame)


@given(FRAMES)
def test_the_tables_of_the_native_protocol_mean_the_same(frame: str | bytes) -> None:
    """A renamed field changes nothing else: here the field is one of HTTP."""
    declared = dialect_of('[fields]\nid = "room"').frames
    assert isinstance(declared, DeclaredFrames)

    ours, theirs = declared.read(frame, "kitchen"), messages.read(frame)
    assert type(ours) is type(theirs)
    assert ours == theirs or isinstance(theirs, Malformed | Ignored)


def test_bytes_of_messages_are_read_alike() -> None:
    frame = (
        b'{"type":"message","content":"soup","sender_id":"bob","chat_id":"kitchen","timestamp":"2025-12-23T22:12:57"}'
    )

    assert native().frames.read_payload(frame, "kitchen") == messages.read(frame.decode())
    assert isinstance(native().frames.read_payload(frame, "kitchen", is_binary=True), Malformed)
    with pytest.raises(UnicodeDecodeError):
        native().frames.read_payload(b"\xe9", "kitchen")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_native_messages_are_said_as_before(content: str) -> None:
    frames = native().frames

    assert frames.say(content, IN_KITCHEN) == messages.message(content)
    assert json.loads(frames.payload(content, IN_KITCHEN)) == {"type": "message", "content": content}
    assert frames.say(content, IN_KITCHEN, extra={"a": 1}) == messages.message(content, a=1)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_native_handshakes_have_the_address_of_before(room: str, user: str) -> None:
    handshake = native().handshakes.handshake(Session(room, UserRow(user)))

    encoded = {".": "%2E", "..": "%2E%2E"}.get(room, quote(room, safe=""))
    assert handshake.target == f"/api/chats/ws/{encoded}?user_id={quote(user, safe='')}"


def test_nobody_has_no_user_id() -> None:
    handshake = native().handshakes.handshake(Session("x", UserRow(None)))

    assert handshake.target == "/api/chats/ws/x"


def test_native_rooms_are_made_as_the_protocol_says() -> None:
    rooms = native().rooms
    create = rooms.create("Kitchen", ALICE, "r", {"metadata": {"a": 1}})
    add = rooms.add("chat-1", [UserRow(f"u{number}") for number in range(101)], ALICE)

    assert create is not None
    assert (create.method, create.path) == ("POST", "/api/chats")
    assert create.body == {"name": "Kitchen", "created_by": "alice", "metadata": {"a": 1}}
    assert rooms.id_of({"id": "chat-1"}, "r") == "chat-1"
    assert [request.path for request in add] == ["/api/chats/chat-1/participants"] * 2
    assert [len(request.body["participant_ids"]) for request in add if isinstance(request.body, dict)] == [100, 1]


def test_the_native_dialect_expresses_every_rule() -> None:
    assert all(map(native().expressible, read_protocol().rules.values()))
    assert read_dialect({}, "chat.toml").without == frozenset()


def test_the_native_dialect_needs_no_opening() -> None:
    frames = native().frames

    assert frames.begin(IN_KITCHEN).is_done
    assert not frames.begin(IN_KITCHEN).send
    assert frames.answer('{"type":"ping"}', IN_KITCHEN) is None
    assert frames.heartbeat_s is None


@pytest.mark.parametrize("fields", [{}, {"type": "kind", "content": "text"}])
def test_every_bad_frame_is_bad(fields: dict[str, str]) -> None:
    frames = read_dialect({"fields": fields} if fields else {}, "chat.toml").frames
    assert len(frames.bad_frames) == len(native_bad_frames({}))

    for bad in frames.bad_frames:
        sent = frames.read_sent(bad.make("mark-1", IN_KITCHEN))
        assert isinstance(sent, Bad), bad.name


def test_single_fields_can_have_other_names() -> None:
    dialect = dialect_of('[fields]\ncontent = "text"\ntimestamp = "created_at"\nuser_id = "as"')
    frame = dialect.frames.say("soup", IN_KITCHEN)

    assert json.loads(str(frame)) == {"type": "message", "text": "soup"}
    assert dialect.frames.read_sent(frame) == Valid("soup")
    received = f'{{"type":"message","text":"soup","sender_id":"bob","chat_id":"kitchen","created_at":"{TIME}"}}'
    assert dialect.frames.read(received, "kitchen") == Message("soup", "bob", "kitchen", TIME)
    assert dialect.handshakes.handshake(IN_KITCHEN).target == "/api/chats/ws/kitchen?as=alice"
    assert dialect.without == frozenset()


def test_renamed_fields_of_http_leave_the_families_of_http() -> None:
    dialect = dialect_of('[fields]\nname = "title"\nid = "chat_id"')
    create = dialect.rooms.create("Kitchen", ALICE, "r")

    assert create is not None
    assert create.body == {"title": "Kitchen", "created_by": "alice"}
    assert dialect.rooms.id_of({"chat_id": 7}, "r") == "7"
    assert dialect.without == {Need.ROOMS, Need.PARTICIPANTS}


@pytest.mark.parametrize(
    ("need", "frame", "read"),
    [
        (
            Need.NOTICES,
            f'{{"type":"system","content":"a joined the chat","chat_id":"r","timestamp":"{TIME}"}}',
            Ignored,
        ),
        (Need.ERRORS, '{"type":"error","content":"why"}', Ignored),
        (Need.SENDER, f'{{"type":"message","content":"x","chat_id":"r","timestamp":"{TIME}"}}', Message),
        (Need.TIMESTAMPS, '{"type":"message","content":"x","sender_id":"a","chat_id":"r"}', Message),
        (Need.TIMESTAMPS, '{"type":"system","content":"a left the chat","chat_id":"r"}', Notice),
        (Need.ECHO, '{"type":"error","content":"why"}', Error),
    ],
)
def test_what_is_taken_away_is_not_looked_for(need: Need, frame: str, read: type) -> None:
    dialect = read_dialect({}, "chat.toml", [need])

    assert isinstance(dialect.frames.read(frame, "r"), read)
    assert dialect.without == {need}


def test_without_rooms_they_are_made_and_not_judged() -> None:
    dialect = read_dialect({}, "chat.toml", ["rooms"])

    made, native_one = (one.rooms.create("Kitchen", ALICE, "7f") for one in (dialect, native()))
    assert made == native_one
    assert dialect.without == {Need.ROOMS}


def test_rooms_that_need_not_be_made_have_our_ids() -> None:
    dialect = read_dialect({"room": {"implicit": "room-{random}"}}, "chat.toml")

    assert dialect.rooms.create("Kitchen", ALICE, "7f") is None
    assert dialect.rooms.id_of(None, "7f") == "room-7f"
    assert dialect.rooms.add("room-7f", [ALICE], ALICE) == []
    assert dialect.without == {Need.ROOMS, Need.PARTICIPANTS, Need.STATISTICS, Need.REFUSAL}


def test_tokens_can_be_added_to_the_native_protocol() -> None:
    dialect = dialect_of(
        '[users]\nfile = "people.csv"\n[connect]\nquery = {token = "{token}"}\nheaders = {X-Team = "{team}"}'
    )
    row = UserRow("alice", {"token": "a b", "team": "red"})
    handshake = dialect.handshakes.handshake(Session("r", row))

    assert handshake.target == "/api/chats/ws/r?user_id=alice&token=a%20b"
    assert handshake.headers == {"X-Team": "red"}
    assert set(dialect.columns) == {"token", "team"}
    assert dialect.without == {Need.USER_IDS}
    assert isinstance(dialect.frames, NativeFrames)

"""Requests and handshakes are filled, and nothing breaks out of its place."""

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.session import Session, UserRow
from roomproof.errors import UsageError
from roomproof.spec.messages import Upkeep, Valid
from tests.unit.dialects.files import ALICE, CHAT, dialect_of

VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)

TOKENS = CHAT.replace(
    'query = {name = "{user}"}',
    'query = {name = "{user}", "the token" = "x {token}"}\n'
    'headers = {Authorization = "Bearer {token}"}\ncookies = {route = "{user}-1", sid = "{token}"}\n'
    'subprotocol = "chat.v1"\norigin = "https://chat.example"',
)
WITH_TOKENS = dialect_of(f'[users]\nfile = "people.csv"\n{TOKENS}')


@given(VALUE, VALUE)
def test_no_value_breaks_out_of_a_path_or_a_query(room: str, user: str) -> None:
    handshake = dialect_of(CHAT).handshakes.handshake(Session(room, UserRow(user)))

    _, version, socket, encoded = handshake.path.split("/")
    assert (version, socket, unquote(encoded)) == ("v1", "socket", room)
    assert encoded not in (".", "..")
    assert parse_qsl(handshake.query) == [("name", user)]
    assert handshake.target.isascii()


def test_a_handshake_has_all_that_the_file_asks_for() -> None:
    handshake = WITH_TOKENS.handshakes.handshake(Session("r", UserRow("alice", {"token": "t0"})))

    assert handshake.target == "/v1/socket/r?name=alice&the%20token=x%20t0"
    assert handshake.headers == {"Authorization": "Bearer t0", "Cookie": "route=alice-1; sid=t0"}
    assert (handshake.subprotocols, handshake.origin) == (("chat.v1",), "https://chat.example")


def test_a_user_without_a_token_leaves_out_its_places() -> None:
    handshake = WITH_TOKENS.handshakes.handshake(Session("r", UserRow("alice")))

    assert handshake.target == "/v1/socket/r?name=alice"
    assert handshake.headers == {"Cookie": "route=alice-1"}
    assert WITH_TOKENS.handshakes.handshake(Session("r", UserRow(None))).target == "/v1/socket/r"


@pytest.mark.parametrize("token", ["secret\r\nX: y", "secret\x00", "secret\u20ac"])
def test_a_header_with_a_line_end_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match=r"\[connect\] headers Authorization: expected printable Latin-1") as refusal:
        WITH_TOKENS.handshakes.handshake(Session("r", UserRow("alice", {"token": token})))

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("token", ["secret; admin=1", "secret,", "secret x", 'secret"'])
def test_a_cookie_cannot_add_another(token: str) -> None:
    with pytest.raises(UsageError, match=r"\[connect\] cookies sid: expected a value for a cookie") as refusal:
        WITH_TOKENS.handshakes.handshake(Session("r", UserRow("alice", {"token": token})))

    assert "secret" not in str(refusal.value)


def test_secrets_are_not_shown() -> None:
    session = Session("r", UserRow("alice", {"token": "s3cret"}), {"me": "s3cret"})
    handshake = WITH_TOKENS.handshakes.handshake(session)
    progress = dialect_of(TOKENS.replace('room = "{room}"}', 'token = "{token}"}', 1).replace(
        "[room]", '[users]\nfile = "x"\n[room]', 1)).frames.begin(session)  # fmt: skip

    assert "s3cret" in str(progress.send)
    assert "s3cret" not in f"{session!r} {handshake!r} {session.user!r} {progress!r}"


def test_what_is_recorded_has_no_secret() -> None:
    text = TOKENS.replace('{event = "join", room = "{room}"}', '{event = "join", token = "{token}"}')
    text = text.replace('frame = {event = "chat"', 'frame = {as = "{token}", event = "chat"').replace(
        '/members"', '/members/{token}"'
    )
    text = text.replace('id = "{id}"}\n\n', 'id = "{id}", token = "{token}"}\n\n')
    dialect = dialect_of(f'[users]\nfile = "x"\n{text}')
    session = Session("r", UserRow("alice", {"token": "s3cret"}))
    progress = dialect.frames.begin(session)
    answered, answer_shown = (
        dialect.frames.answer('{"event":"ping","id":1}', one) for one in (session, session.redacted())
    )
    said, recorded = (dialect.frames.say("soup", one) for one in (session, session.redacted()))
    (request,) = dialect.rooms.add("r", [session.user], session.user)
    handshake, handshake_shown = (dialect.handshakes.handshake(one) for one in (session, session.redacted()))

    secret = f"{progress.send} {answered!r} {said!r} {request.path} {handshake.target}"
    assert secret.count("s3cret") == 5
    public = f"{progress.shown} {answer_shown!r} {recorded!r} {request.shown} {handshake_shown.target}"
    assert (public.count("..."), public.count("s3cret")) == (5, 0)
    assert dialect.frames.read_sent(recorded) == dialect.frames.read_sent(said) == Valid("soup")
    assert all(dialect.frames.read_sent(frame) == Upkeep() for frame in (*progress.shown, str(answer_shown)))


def test_a_room_is_made_and_filled() -> None:
    rooms = dialect_of(CHAT).rooms
    create = rooms.create('K"itchen', ALICE, "7f")
    (add,) = rooms.add("a/b", [UserRow("alice"), UserRow("bob")], ALICE)

    assert create is not None
    assert (create.method, create.path, create.body) == ("POST", "/v1/rooms", {"title": 'K"itchen', "owner": "alice"})
    assert (add.method, add.path, add.body) == ("POST", "/v1/rooms/a%2Fb/members", {"users": ["alice", "bob"]})


@pytest.mark.parametrize(
    ("add", "paths", "bodies"),
    [
        ('add = "PUT /r/{room}/m/{user}"', ["/r/1/m/alice", "/r/1/m/bob"], [None, None]),
        (
            'add = "POST /r/{room}/m"\nadd_body = {user = "{user}"}',
            ["/r/1/m"] * 2,
            [{"user": "alice"}, {"user": "bob"}],
        ),
        (
            'add = "POST /r/{room}/m"\nadd_body = {roles = ["guest"], members = [{id = "{user}", role = "guest"}]}',
            ["/r/1/m"],
            [{"roles": ["guest"], "members": [{"id": "alice", "role": "guest"}, {"id": "bob", "role": "guest"}]}],
        ),
    ],
)
def test_participants_are_added_one_by_one_or_together(add: str, paths: list[str], bodies: list[object]) -> None:
    rest = CHAT[CHAT.index("[connect]") :]
    rooms = dialect_of(f'[room]\ncreate = "POST /r"\nid = "id"\n{add}\n{rest}').rooms
    requests = rooms.add("1", [UserRow("alice"), UserRow("bob")], ALICE)

    assert [request.path for request in requests] == paths
    assert [request.body for request in requests] == bodies


def test_requests_carry_the_token_of_the_creator() -> None:
    text = CHAT.replace("[connect]", 'headers = {Authorization = "Bearer {token}"}\n[connect]', 1)
    rooms = dialect_of(f'[users]\nfile = "people.csv"\n{text}').rooms
    creator = UserRow("alice", {"token": "t0"})
    create = rooms.create("Kitchen", creator, "r")

    assert create is not None
    assert create.headers == {"Authorization": "Bearer t0"}
    assert [request.headers for request in rooms.add("1", [UserRow("bob")], creator)] == [create.headers]


@pytest.mark.parametrize(
    ("answer", "room"), [({"room_id": "a"}, "a"), ({"room_id": 7}, "7"), ({"room_id": True}, None)]
)
def test_the_id_of_a_room_is_found(answer: object, room: str | None) -> None:
    assert dialect_of(CHAT).rooms.id_of(answer, "r") == room


@pytest.mark.parametrize("answer", [None, {}, [], "a", {"room_id": None}, {"room_id": ["a"]}])
def test_an_answer_without_an_id_makes_no_room(answer: object) -> None:
    assert dialect_of(CHAT).rooms.id_of(answer, "r") is None

"""A wrong target file is refused with file, table and key, before any contact."""

import pytest

from roomproof.dialects.affinity import NO_AFFINITY, Affinity, AffinityKind
from roomproof.dialects.reader import frames_of
from roomproof.errors import UsageError
from roomproof.spec.rules import Need, read_protocol
from tests.unit.dialects.files import CHAT, dialect_of


def changed(old: str, new: str) -> str:
    """Return the example with one place changed."""
    assert CHAT.count(old) == 1, old
    return CHAT.replace(old, new)


def test_the_example_is_complete() -> None:
    dialect = dialect_of(CHAT)

    assert dialect.name == "chat.toml"
    assert dialect.without == {Need.ROOMS, Need.PARTICIPANTS, Need.STATISTICS}


def test_a_dialect_expresses_the_rules_whose_needs_it_has() -> None:
    dialect = dialect_of(CHAT)
    rules = read_protocol().rules

    assert dialect.expressible(rules["DELIVER-6"])
    assert not dialect.expressible(rules["CREATE-1"])


def test_what_a_file_cannot_express_is_lacking() -> None:
    without_bad = CHAT.partition("[bad]")[0]
    elsewhere = changed('path = "/v1/socket/{room}"', 'path = "/v1/socket"')
    positional = changed('frame = {event = "chat", text = "{content}"}', 'frame = ["{content}"]')
    implicit = f'[room]\nimplicit = "r-{{random}}"\n{CHAT[CHAT.index("[connect]") :]}'

    assert Need.BAD_FRAMES in dialect_of(without_bad).without
    assert Need.REFUSAL in dialect_of(elsewhere).without
    assert Need.EXTRA_FIELDS in dialect_of(positional).without
    assert Need.REFUSAL in dialect_of(implicit).without
    assert Need.USER_IDS in dialect_of(f'[users]\nfile = "people.csv"\n{CHAT}').without


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("address", Affinity(AffinityKind.ADDRESS)),
        ("cookie:route", Affinity(AffinityKind.COOKIE, "route")),
        ("header:X-User", Affinity(AffinityKind.HEADER, "X-User")),
        ("none", Affinity(AffinityKind.NONE)),
    ],
)
def test_an_affinity_is_read(text: str, kind: Affinity) -> None:
    assert dialect_of(f'affinity = "{text}"\ninstance_header = "X-Pod"').affinity == kind
    assert dialect_of(f'affinity = "{text}"\ninstance_header = "X-Pod"').instance_header == "X-Pod"


def test_a_service_without_affinity_says_so_in_either_way() -> None:
    assert dialect_of('affinity = "none"').without == {Need.AFFINITY}
    assert dialect_of('affinity = "cookie:route"\nwithout = ["affinity"]').affinity == NO_AFFINITY
    assert dialect_of('affinity = "cookie:route"').without == set()


TOP_LEVEL = [
    ('speed = 3', "chat.toml, top level: expected the keys without, fields, .*, got the unknown key 'speed'"),
    ('strict = "yes"', "chat.toml, strict: expected true or false, got a string"),
    ('without = ["luck"]', "chat.toml, without: expected names from notices, .*, got 'luck'"),
    ('affinity = "cookie"', "chat.toml, affinity: expected"),
    ('affinity = "cookie:a b"', "chat.toml, affinity: expected"),
    ('affinity = "none:x"', "chat.toml, affinity: expected"),
    ('instance_header = "X Pod"', "chat.toml, instance_header: expected the name of a header"),
    ('codec = "morse"', r"chat.toml, \[codec\]: expected one of the codecs json"),
    ("codec = {}", r"chat.toml, \[codec\]: expected the name of a codec|chat.toml, \[room\]"),
    ('[fields]\nspeech = "text"', r"chat.toml, \[fields\]: expected fields of PROTOCOL.md \(type, .*got 'speech'"),
    ('[fields]\ncontent = ""', r"chat.toml, \[fields\] content: expected a name, got an empty string"),
    ('[fields]\ncontent = "type"', r"chat.toml, \[fields\]: expected different names"),
    (f'{CHAT}\n[fields]\ncontent = "text"', r"chat.toml, \[fields\]: expected .* alone, got room, opening"),
    ('[say]\nframe = {text = "{content}"}', r"chat.toml, \[room\]: expected how rooms are made, got no such table"),
    ("[users]", r"chat.toml, \[users\]: expected exactly one of file, command and jwt, got none"),
    ('[users]\nfile = "a"\ncommand = "b"', r"chat.toml, \[users\]: expected .*, got file and command"),
    ('[users]\njwt = {algorithm = "HS256"}', r"chat.toml, \[users\] jwt secret_env: expected a value, got none"),
    ('[users]\njwt = {secret_env = "K", algorithm = "none"}', r"\[users\] jwt algorithm: expected one of"),
    ('[users]\njwt = {secret_env = "K", lifetime = 0}', r"\[users\] jwt lifetime: expected a number of seconds"),
    ('[users]\njwt = {secret_env = "K", claims = {sub = "{room}"}}', r"jwt claims: expected only .*, got room"),
    ('[connect]\nquery = {token = "{token}"}', r"\[connect\] query token: expected placeholders .*, got {token}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), TOP_LEVEL)
def test_a_file_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        dialect_of(text)


CHANGES = [
    ('create = "POST /v1/rooms"', 'create = "make a room"', r"\[room\] create: expected a method and a path"),
    ('create = "POST /v1/rooms"', 'create = "POST /v1/r ooms"', r"\[room\] create: expected a path of characters"),
    ('create = "POST /v1/rooms"', "", r"\[room\]: expected either create or implicit, got none"),
    ('create = "POST /v1/rooms"', 'implicit = "r-{random}"', r"\[room\]: expected implicit alone, got id, add"),
    ('owner = "{user}"', 'owner = "{owner}"', r"\[room\] body: expected placeholders .* such as .*, got {owner}"),
    ('id = "room_id"', "", r"\[room\] id: expected a JMESPath to the id in the answer, got none"),
    ('id = "room_id"', 'id = "a..b"', r"\[room\] id: expected a JMESPath expression, got 'a..b'"),
    ('add = "POST /v1/rooms/{room}/members"', "", r"\[room\] add_body: expected add beside it"),
    ('path = "/v1/socket/{room}"', "", r"\[connect\] path: expected the path of the WebSocket, got none"),
    ('path = "/v1/socket/{room}"', 'path = "/ws?room={room}"', r"\[connect\] path: expected a path of characters"),
    ('query = {name = "{user}"}', 'query = {name = "{usr}"}', r"\[connect\] query name: .* got {usr}"),
    ('query = {name = "{user}"}', 'headers = {Upgrade = "x"}', r"\[connect\] headers Upgrade: expected headers that"),
    ('query = {name = "{user}"}', 'cookies = {"a b" = "x"}', r"\[connect\] cookies a b: expected a name of"),
    ('query = {name = "{user}"}', 'subprotocol = "a b"', r"\[connect\] subprotocol: expected one subprotocol"),
    ('query = {name = "{user}"}', 'origin = "a\\nb"', r"\[connect\] origin: expected printable Latin-1"),
    ('query = {name = "{user}"}', "query = 7", r"\[connect\] query: expected a table, got a number"),
    ('send = {event = "join", room = "{room}"}', 'send = {event = "{me}"}', r"\[\[opening\]\] 1 send: .* got {me}"),
    ('send = {event = "join", room = "{room}"}', "", r"\[\[opening\]\] 1: expected either send or expect, got none"),
    ('send = {event = "join", room = "{room}"}', 'send = "join {room}"', r"1 send: expected no placeholder in a bare"),
    ('learn = {me = "user.id"}', 'learn = {user = "user.id"}', r"\[\[opening\]\] 2 learn: expected a name for"),
    ('learn = {me = "user.id"}', 'learn = {me = "user["}', r"\[\[opening\]\] 2 learn me: expected a JMESPath"),
    ('text = "{content}"', 'text = "content"', r"\[say\] frame: expected {content} in it, got none"),
    ('text = "{content}"', 'text = "{content"', r"\[say\] frame: expected placeholders like .*, got a single '{'"),
    ('text = "{content}"}', 'text = "{content}"}\nenvelope = true', r"\[say\] envelope: expected .* no sender"),
    ('text = "{content}"}', 'text = "{content}"}\nspeed = 3', r"\[say\]: expected the keys frame, envelope, ping, got"),
    ('content = "text", ', "", r"\[\[hear\]\] 1 message: expected the field content, got none"),
    ('content = "text", ', 'content = "a..b", ', r"\[\[hear\]\] 1 message content: expected a JMESPath expression"),
    ('content = "text", ', 'text = "text", ', r"\[\[hear\]\] 1 message: expected the fields content, .*, got 'text'"),
    ('sender = "from", ', "", r"\[\[hear\]\]: expected sender in each message, .* add \"sender\" to without"),
    ('room = "room", timestamp = "ts"', 'room = "room"', r"\[\[hear\]\]: expected timestamp in each message"),
    ('left = {user = "user", timestamp = "ts"}', "ignore = true", r"\[hear\]\]: expected entries with joined and left"),
    ('error = {content = "reason"}', "ignore = true", r"\[\[hear\]\]: expected an entry with error"),
    ('when = {event = "typing"}\nignore = true', "ignore = false", r"\[hear\]\] 5: expected exactly one of message, "),
    ('when = {event = "typing"}', 'error = {}', r"\[\[hear\]\] 5: expected exactly one of .*, got error and ignore"),
    ('when = {event = "typing"}', 'when = {event = "{contnet}"}', r"\[hear\]\] 5 when: expected no .*, got 'contnet'"),
    ('when = {event = "chat"}', 'when = {text = "{content}"}', r"\[hear\]\] 1 message: expected one place for content"),
    ('with = {event = "pong", id = "{id}"}', 'with = {id = "{idd}"}', r"\[\[answer\]\] 1 with: .* got {idd}"),
    ('with = {event = "pong", id = "{id}"}', "", r"\[\[answer\]\] 1 with: expected a value, got none"),
    ("[bad]", "[heartbeat]\nevery = 0\nframe = {}\n[bad]", r"\[heartbeat\] every: expected a number of seconds"),
    ('{event = "chat", mark = "{mark}"}', '{event = "{content}"}', r"\[bad\] frames 2: .* got {content}"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), CHANGES)
def test_a_wrong_change_of_the_example_is_refused(old: str, new: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refusal:
        dialect_of(changed(old, new))

    assert str(refusal.value).startswith("chat.toml, ")
    assert "; " in str(refusal.value)


FRAMES_OF_OTHER_CODECS = [
    (
        "socketio",
        '[say]\nframe = {event = "chat", text = "{content}"}',
        r"\[say\] frame: expected an array like",
    ),
    (
        "socketio",
        '[[hear]]\nwhen = {event = "chat"}\nignore = true',
        r"\[\[hear\]\] 1 when: expected an array like",
    ),
    ("text", '[say]\nframe = {text = "{content}"}', r"\[say\] frame: expected a string for the codec text, got"),
    ("phoenix", '[say]\nframe = {text = "{content}"}', r"\[say\] frame: expected a table of join_ref"),
    ("actioncable", '[say]\nframe = ["{content}"]', r"\[say\] frame: expected a table for the codec actioncable"),
    ("actioncable", '[say]\nframe = "{content}"', r"\[say\] frame: expected no placeholder in a bare string"),
]


@pytest.mark.parametrize(("codec", "table", "complaint"), FRAMES_OF_OTHER_CODECS)
def test_a_template_that_is_no_frame_is_refused(codec: str, table: str, complaint: str) -> None:
    say = {"socketio": '["{content}"]', "actioncable": '{data = {a = "{content}"}}'}.get(codec, '"{content}"')
    rest = "" if table.startswith("[say]") else f"[say]\nframe = {say}\n"
    text = f'codec = "{codec}"\n[room]\nimplicit = "r-{{random}}"\n[connect]\npath = "/{{room}}"\n{rest}{table}'

    with pytest.raises(UsageError, match=complaint):
        dialect_of(text)


def test_an_envelope_carries_the_user_and_no_other_name() -> None:
    text = CHAT.replace('text = "{content}"}', 'text = "{content}"}\nenvelope = true')

    with pytest.raises(
        UsageError, match=r"\[users\] known_as: expected no other name beside an envelope, got '{nick}'"
    ):
        dialect_of(f'without = ["sender"]\n[users]\nfile = "x"\nknown_as = "{{nick}}"\n{text}')


def test_a_connection_must_say_which_room_it_is_for() -> None:
    text = changed('path = "/v1/socket/{room}"', 'path = "/v1/socket"').replace(', room = "{room}"', "")

    with pytest.raises(
        UsageError, match=r"\[connect\]: expected {room} in \[connect\], \[\[opening\]\] or \[say\], got none"
    ):
        dialect_of(text)


def test_a_history_reads_frames_as_the_run_did() -> None:
    dialect = dialect_of(CHAT)
    again = frames_of(dialect.frame_tables, dialect.without)

    for frame in ('{"event":"joined","room":"r","user":{"id":1}}', '{"event":"denied"}', '{"event":"dance"}'):
        assert again.read(frame, "r") == dialect.frames.read(frame, "r")


def test_a_history_shows_nothing_that_an_opening_sends() -> None:
    text = CHAT.replace('{event = "join", room = "{room}"}', '{event = "join", room = "{room}", key = "s3cret"}')
    codec = 'codec = {name = "socketio", auth = {key = "s3cret"}}\n[room]\nimplicit = "r-{random}"\n'
    rest = '[say]\nframe = ["chat", "{content}"]\n[[hear]]\nwhen = ["chat"]\nmessage = {content = "[1]"}\n'
    lacking = 'without = ["notices", "sender", "timestamps", "errors", "bad-frames"]\n'

    assert "s3cret" not in str(dialect_of(text).frame_tables)
    assert "s3cret" not in str(dialect_of(lacking + codec + "[connect]\npath = '/{room}'\n" + rest).frame_tables)

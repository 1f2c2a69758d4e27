"""Rooms are made, looked at and deleted."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from roomproof.client.http import Http
from roomproof.spec.limits import (
    METADATA_BYTES,
    NESTING_LEVELS,
    NUMBER_DIGITS,
    ROOM_NAME_CODE_POINTS,
    USER_ID_CODE_POINTS,
)
from roomproof.spec.messages import same_json
from roomproof.spec.rules import Capability, Need
from roomproof.stage.person import Person
from roomproof.stage.refused import UNKNOWN_ROOM, expect_refused
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError, expect
from roomproof.stage.stage import Stage
from roomproof.suite.marks import needs, rule

NAMES = {
    "plain": "Test Room",
    "one letter": "x",
    "100 code points": "n" * ROOM_NAME_CODE_POINTS,
    "100 code points of 4 bytes": "🍲" * ROOM_NAME_CODE_POINTS,
    "other scripts": "厨房 Küche кухня 🍲",
    "decomposed accents": "Cafe\u0301",
    "markup and quotes": """<b>"Robert'); DROP TABLE chats;--"</b> & \\n {{7*7}} %s""",
    "a number in quotes": "42",
    "white space at both ends": "  kitchen  ",
    "two spaces in it": "a  b",
}


def nested(levels: int) -> dict[str, object]:
    """Objects and arrays nested so many levels deep; the outermost object is level 1."""
    inner: object = "the bottom"
    for level in range(levels, 1, -1):
        inner = {"deeper": inner} if level % 2 else [inner]
    return {"deeper": inner}


METADATA = {
    "nothing in it": {},
    "numbers": {"int": 7, "big": 2**53, "negative": -1, "zero": 0, "half": 0.5, "tiny": 1e-7},
    "numbers beyond 64 bits": {"big": 2**64, "huge": 1.7976931348623157e308, "smallest": 5e-324},
    "numbers of 38 digits": {"whole": int("1234567890" * 3 + "12345678"), "negative": -(10**38 - 1)},
    "constants": {"yes": True, "no": False, "none": None},
    "texts that look like other things": {"number": "1", "true": "true", "time": "2025-12-23T22:12:57Z", "empty": ""},
    "nested": {"a": [1, "two", [3.5, {"b": {}}], [], 1, 1, "x", "x"], "c": {"d": {"e": [None, None]}}},
    "odd keys": {"": 1, " ": 2, "a.b": 3, "$set": 4, "ключ": 5, "__proto__": 6, "Floor": 7, "floor": 8},
    "text of every kind": {"text": "ä\n\t\"'\\ 🍲 Cafe\u0301 <i>&amp;</i> \u2028", " v ": " \tv\n"},
    "control characters": {"text": "".join(map(chr, [*range(32), *range(127, 160)])), "a\0b": 1},
    "4096 bytes": {"text": "m" * (METADATA_BYTES - len('{"text":""}'))},
    "4096 bytes beyond ASCII": {"text": "é" * ((METADATA_BYTES - len('{"text":""}')) // 2)},
    "32 levels": nested(NESTING_LEVELS),
}

BAD_BODIES = {
    "no JSON": b"name=Kitchen",
    "cut off": b'{"name":"Kitchen","created_by":',
    "nothing": b"",
    "an array": b'["Kitchen","alice"]',
    "a string": b'"Kitchen"',
    "null": b"null",
    "no name": b'{"created_by":"alice"}',
    "a number as name": b'{"name":42,"created_by":"alice"}',
    "more behind it": b'{"name":"Kitchen","created_by":"alice"} and more',
    "null as name": b'{"name":null,"created_by":"alice"}',
    "an array as metadata": b'{"name":"Kitchen","created_by":"alice","metadata":[]}',
    "a string as metadata": b'{"name":"Kitchen","created_by":"alice","metadata":"{}"}',
    "false as metadata": b'{"name":"Kitchen","created_by":"alice","metadata":false}',
    "zero as metadata": b'{"name":"Kitchen","created_by":"alice","metadata":0}',
    "an empty string as metadata": b'{"name":"Kitchen","created_by":"alice","metadata":""}',
    "not UTF-8": b'{"name":"\xff\xfe","created_by":"alice"}',
}

ODD_CREATORS = {
    "no creator": {},
    "a number as creator": {"created_by": 42},
    "null as creator": {"created_by": None},
    "an array as creator": {"created_by": ["alice"]},
    "an empty creator": {"created_by": ""},
}

BAD_BODY_STATUSES = {400, 413, 415, 422}


@rule("CREATE-1")
@pytest.mark.parametrize("name", [pytest.param(name, id=case) for case, name in NAMES.items()])
def test_a_room_is_made_with_any_name(stage: Stage, name: str) -> None:
    room = stage.room(name)

    assert room.answer.status in (200, 201)
    assert room.answer.fields().get("name") == name
    assert room.answer.fields().get("metadata") == {}


@rule("CREATE-1")
def test_a_room_can_be_used_at_once(stage: Stage) -> None:
    alice = stage.room().join("alice")

    alice.hears(alice.say("soup is ready"))


@rule("CREATE-1")
@needs(Need.USER_IDS)
@pytest.mark.parametrize("user", ["alice.b_c-d@example.org", "u" * USER_ID_CODE_POINTS, "0"])
def test_whoever_makes_a_room_may_use_it(stage: Stage, user: str) -> None:
    room = stage.room(created_by=user)

    maker = room.attempt(user)

    expected = f"{user}, who made the room, to be let in"
    expect(isinstance(maker, Person), rule="CREATE-1", expected=expected, got=maker)
    assert isinstance(maker, Person)
    soup = maker.say_or_be_gone("soup is ready")
    expect(maker.heard(soup) or maker.is_open, rule="CREATE-1", expected=expected, got=maker.account())
    maker.hears(soup)


@rule("CREATE-1")
def test_unknown_fields_of_a_body_are_ignored(stage: Stage) -> None:
    room = stage.room("Kitchen", id="mine", description="with a stove", participants=["bob"], private=None)

    assert room.answer.fields().get("name") == "Kitchen"
    assert room.id != "mine"


@rule("CREATE-1")
@pytest.mark.parametrize("how", ["close", "rst"])
def test_a_room_outlives_its_members(stage: Stage, kitchen: Room, how: str) -> None:
    kitchen.join("alice").go(how)
    stage.stats_once(lambda stats: kitchen.id not in stats.active_rooms)

    bob = kitchen.admit("bob")

    expected = "bob to be let into a room that everybody had left"
    expect(bob is not None, rule="CREATE-1", expected=expected, got="a refusal")
    assert bob is not None
    bob.hears(bob.say("is anybody there?"), rule="CREATE-1")


@rule("CREATE-1")
def test_a_room_says_when_it_was_made(stage: Stage, kitchen: Room) -> None:
    fault = stage.why_not_now(kitchen.answer.fields().get("created_at"))

    assert fault is None, f"expected the time of now as created_at, got {fault}"


@rule("CREATE-2")
def test_every_room_has_an_id_of_its_own(stage: Stage) -> None:
    ids = [stage.room("Kitchen").id for _ in range(20)]

    assert len(set(ids)) == len(ids)


@rule("CREATE-2")
def test_rooms_made_at_one_time_have_ids_of_their_own(http: Http) -> None:
    body = {"name": "Kitchen", "created_by": "alice"}

    with ThreadPoolExecutor(8) as at_one_time:
        answers = list(at_one_time.map(lambda _: http.request("POST", "/api/chats", body), range(24)))

    ids = [str(answer.fields().get("id")) for answer in answers]
    assert len(set(ids)) == len(ids), f"expected different ids, got {sorted(ids)}"


@rule("CREATE-3")
@pytest.mark.parametrize("metadata", [pytest.param(value, id=case) for case, value in METADATA.items()])
def test_metadata_come_back_as_they_went_in(stage: Stage, metadata: dict[str, object]) -> None:
    room = stage.room(metadata=metadata)

    # The order of keys does not matter; everything else does.
    assert same_json(room.answer.fields().get("metadata"), metadata)


@rule("CREATE-3", "CREATE-7")
def test_longer_numbers_are_refused_or_come_back(http: Http) -> None:
    metadata = {"whole": int("7" * (NUMBER_DIGITS + 2)), "negative": -(10**NUMBER_DIGITS + 1)}

    answer = http.request("POST", "/api/chats", {"name": "Kitchen", "created_by": "alice", "metadata": metadata})

    if not answer.ok:
        raise RuleBrokenError("CREATE-7", f"numbers of more than {NUMBER_DIGITS} digits to be accepted", str(answer))
    if not same_json(answer.fields().get("metadata"), metadata):
        raise RuleBrokenError("CREATE-3", f"metadata {metadata} as they were sent", str(answer))


@rule("CREATE-3")
def test_a_room_without_metadata_has_none_of_another(stage: Stage) -> None:
    stage.room(metadata={"floor": 1})

    assert stage.room().answer.fields().get("metadata") == {}


@rule("CREATE-4")
@pytest.mark.parametrize("body", [pytest.param(body, id=case) for case, body in BAD_BODIES.items()])
def test_a_bad_body_is_refused(stage: Stage, http: Http, body: bytes) -> None:
    answer = http.request("POST", "/api/chats", raw=body)

    assert answer.status in BAD_BODY_STATUSES
    assert not is_room(http, answer.fields().get("id")), "expected no room after a refusal, got one"
    assert stage.room("Kitchen").answer.ok


@rule("CREATE-4")
@pytest.mark.parametrize("fields", [pytest.param(fields, id=case) for case, fields in ODD_CREATORS.items()])
def test_a_room_of_nobody_is_refused_or_made(stage: Stage, http: Http, fields: dict[str, object]) -> None:
    answer = http.request("POST", "/api/chats", {"name": "Kitchen", **fields})

    if answer.ok:
        bob = stage.room_of(answer).join("bob")
        bob.hears(bob.say("soup is ready"))
    else:
        assert answer.status in BAD_BODY_STATUSES
        assert not is_room(http, answer.fields().get("id")), "expected no room after a refusal, got one"


def is_room(http: Http, named: object) -> bool:
    """Whether this value is the id of a room to which participants can be added."""
    path = f"/api/chats/{quote(str(named), safe='')}/participants"
    return isinstance(named, str) and http.request("POST", path, {"participant_ids": ["alice"]}).ok


@rule("CREATE-5")
@pytest.mark.parametrize("metadata", [pytest.param(value, id=case) for case, value in METADATA.items()])
def test_a_room_is_fetched_as_it_was_made(stage: Stage, http: Http, metadata: dict[str, object]) -> None:
    room = stage.room("Cafe\u0301 🍲", metadata=metadata)
    made = room.answer.fields()

    fetched = http.request("GET", room.path)

    assert fetched.status == 200
    for name in ("id", "name", "metadata", "created_at"):
        assert same_json(fetched.fields().get(name), made.get(name)), name


@rule("CREATE-5")
def test_a_room_is_fetched_by_the_name_that_it_was_given(stage: Stage, http: Http) -> None:
    rooms = {name: stage.room(name) for name in NAMES.values()}

    assert [http.request("GET", room.path).fields().get("name") for room in rooms.values()] == [*rooms]


@rule("CREATE-5")
def test_a_room_that_was_used_is_fetched_as_it_was_made(stage: Stage, http: Http) -> None:
    room = stage.room(metadata={"floor": 1})
    alice, bob = room.join("alice"), room.join("bob")
    alice.fence()
    bob.leave()

    fetched = http.request("GET", room.path).fields()

    for name in ("id", "name", "metadata", "created_at"):
        assert same_json(fetched.get(name), room.answer.fields().get(name)), name


@rule("CREATE-5")
def test_rooms_of_one_name_are_fetched_each_as_it_was_made(stage: Stage, http: Http) -> None:
    rooms = [stage.room("Kitchen", metadata={"floor": floor}) for floor in range(3)]

    fetched = [http.request("GET", room.path).fields() for room in rooms]

    assert [fields.get("id") for fields in fetched] == [room.id for room in rooms]
    assert [fields.get("metadata") for fields in fetched] == [{"floor": floor} for floor in range(3)]


@rule("CREATE-5")
def test_an_unknown_room_cannot_be_fetched(kitchen: Room, http: Http) -> None:
    for path in unknown_paths(kitchen):
        assert http.request("GET", path).status == 404, path
    assert http.request("GET", kitchen.path).status == 200


def unknown_paths(room: Room) -> list[str]:
    """Paths of rooms that do not exist."""
    return [f"{room.path}0", "/api/chats/CHAT_ID", f"/api/chats/{'a' * 100}"]


@rule("CREATE-5")
@needs(Need.PARTICIPANTS)
def test_participants_are_listed_once_each(kitchen: Room) -> None:
    kitchen.invite("alice", "bob")
    kitchen.invite("bob", "charlie")

    listed = kitchen.participants()

    assert listed is None or sorted(listed) == ["alice", "bob", "charlie"]


@rule("CREATE-6")
def test_a_deleted_room_is_gone(kitchen: Room, garage: Room, http: Http) -> None:
    alice = kitchen.join("alice")
    alice.fence()  # after that, a close with 4004 is no refusal

    deleted = kitchen.delete()

    expect(deleted.ok, rule="CREATE-6", expected="2xx for a deletion", got=deleted)
    body = {"participant_ids": ["bob"]}
    for answer in (kitchen.delete(), http.request("POST", f"{kitchen.path}/participants", body)):
        expect(answer.status == 404, rule="CREATE-6", expected="404 for a deleted room", got=answer)
    expect_refused(kitchen.knock("alice"), UNKNOWN_ROOM, rule="CREATE-6", whom="alice in a deleted room")
    garage.join("alice")


@rule("CREATE-6")
def test_other_rooms_of_its_name_live_on(stage: Stage) -> None:
    # The name is used by this scenario only, so nobody else deletes rooms of this name.
    older, deleted, newer = (stage.room(f"Kitchen {stage.scene.token}") for _ in range(3))
    alice = older.join("alice")

    answer = deleted.delete()

    expect(answer.ok, rule="CREATE-6", expected="2xx for a deletion", got=answer)
    bob, charlie = older.admit("bob"), newer.admit("charlie")
    expect(bob and charlie, rule="CREATE-6", expected="bob and charlie to be let in", got="a refusal")
    assert bob is not None
    assert charlie is not None
    alice.hears(bob.say("soup is ready"))
    charlie.hears(charlie.say("here, too"))


@rule("CREATE-6")
@needs(Capability.FETCH)
def test_a_deleted_room_cannot_be_fetched(kitchen: Room, http: Http) -> None:
    kitchen.join("alice").fence()
    before = http.request("GET", kitchen.path)
    kitchen.delete()

    after = http.request("GET", kitchen.path)

    expect(before.status == 200, rule="CREATE-5", expected="200 for a room that exists", got=before)
    expect(after.status == 404, rule="CREATE-6", expected="404 for a deleted room", got=after)


@rule("CREATE-6")
def test_an_unknown_room_cannot_be_deleted(kitchen: Room, http: Http) -> None:
    for path in unknown_paths(kitchen):
        assert http.request("DELETE", path).status == 404, path
    kitchen.join("alice")

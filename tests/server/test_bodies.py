import json
from typing import Any

import pytest

from reference_server import bodies
from reference_server.bodies import BodyError, BodyTooLong, NewChat
from reference_server.names import UserId

GOOD: dict[str, Any] = {"name": "Kitchen", "created_by": "alice"}

NOT_AN_OBJECT = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="cut off"),
    pytest.param(b"[]", id="an array"),
    pytest.param(b"null", id="null"),
    pytest.param(b'"name"', id="a string"),
    pytest.param(b'{"name":"\xff"}', id="invalid UTF-8"),
    pytest.param(json.dumps(GOOD).encode("utf-16"), id="UTF-16"),
    pytest.param(b"[" * 500_000, id="nested without end"),
    pytest.param(b'{"a":' * 100_000, id="objects nested without end"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":NaN}}', id="NaN"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":-Infinity}}', id="Infinity"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":1e999}}', id="a number beyond floats"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":%s}}' % (b"9" * 5000), id="a number of 5,000 digits"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":"\\ud800"}}', id="a lone surrogate"),
    pytest.param(b'{"name":"a","created_by":"b","metadata":{"\\udfff":1}}', id="a lone surrogate as key"),
    pytest.param(b'{"name":"a","name":"c","created_by":"b"}', id="a key twice"),
]


@pytest.mark.parametrize("body", NOT_AN_OBJECT)
def test_neither_body_is_accepted(body: bytes) -> None:
    with pytest.raises(BodyError, match="expected "):
        bodies.new_chat(body)
    with pytest.raises(BodyError, match="expected "):
        bodies.participants(body)


@pytest.mark.parametrize("name", ["K", "x" * 200, "Küche 👩‍👩‍👧", " "])
@pytest.mark.parametrize("metadata", [{}, {"n": 2**53, "m": [None, "1", 1.0, {"Zoë": False}]}])
def test_a_room_body_is_decoded(name: str, metadata: dict[str, Any]) -> None:
    body = json.dumps({**GOOD, "name": name, "metadata": metadata, "unknown": 1}).encode()

    assert bodies.new_chat(body) == NewChat(name, UserId("alice"), metadata)


def test_a_room_without_metadata_has_none() -> None:
    assert bodies.new_chat(json.dumps(GOOD).encode()).metadata == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": 1}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x1b[2J"}, "name"),
        ({"created_by": None}, "created_by"),
        ({"created_by": ["alice"]}, "created_by"),
        ({"created_by": ""}, "created_by"),
        ({"created_by": "x" * 65}, "created_by"),
        ({"created_by": "a\nb"}, "created_by"),
        ({"metadata": None}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "x"}, "metadata"),
    ],
)
def test_a_room_body_with_a_bad_field_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BodyError, match=f"^{field} must"):
        bodies.new_chat(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("field", GOOD)
def test_a_room_body_without_a_field_is_refused(field: str) -> None:
    with pytest.raises(BodyError, match=f"^{field} must"):
        bodies.new_chat(json.dumps({key: value for key, value in GOOD.items() if key != field}).encode())


@pytest.mark.parametrize("users", [[], ["alice"], ["alice", "alice", "Zoë"]])
def test_participants_are_decoded(users: list[str]) -> None:
    assert bodies.participants(json.dumps({"participant_ids": users}).encode()) == users


def test_a_list_that_is_too_long_is_refused_as_such() -> None:
    users = [str(number) for number in range(bodies.PARTICIPANTS_PER_REQUEST + 1)]
    assert len(bodies.participants(json.dumps({"participant_ids": users[1:]}).encode())) == len(users) - 1

    with pytest.raises(BodyTooLong, match="participant_ids must have at most 1000 items"):
        bodies.participants(json.dumps({"participant_ids": users}).encode())


@pytest.mark.parametrize(
    "users", [None, "alice", {"alice": 1}, ["alice", 1], ["alice", None], [["alice"]], [""], ["x" * 65]]
)
def test_bad_participants_are_refused(users: object) -> None:
    with pytest.raises(BodyError, match="participant_ids must"):
        bodies.participants(json.dumps({"participant_ids": users}).encode())

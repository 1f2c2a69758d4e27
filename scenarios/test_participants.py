"""Participants are added to rooms."""

import pytest

from roomproof.client.http import Http
from roomproof.spec.limits import PARTICIPANTS_PER_REQUEST
from roomproof.spec.messages import NoticeKind
from roomproof.spec.rules import Capability, Need
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.suite.marks import needs, rule

BAD_BODIES = {
    "no JSON": b"alice",
    "nothing": b"",
    "an array": b'["alice"]',
    "no list": b"{}",
    "a string as list": b'{"participant_ids":"alice"}',
    "an object as list": b'{"participant_ids":{"alice":true}}',
    "null as list": b'{"participant_ids":null}',
    "a number in the list": b'{"participant_ids":["mallory",42]}',
    "null in the list": b'{"participant_ids":["mallory",null]}',
    "an array in the list": b'{"participant_ids":["mallory",["bob"]]}',
}

BAD_BODY_STATUSES = {400, 413, 415, 422}


@rule("PARTICIPANTS-1")
def test_participants_may_connect(kitchen: Room) -> None:
    kitchen.invite("alice", "bob", "charlie")

    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    soup = alice.say("soup is ready")
    bob.hears(soup)
    charlie.hears(soup)


@rule("PARTICIPANTS-1")
def test_participants_are_added_to_those_before(kitchen: Room) -> None:
    kitchen.invite("alice", "bob")
    kitchen.invite("zoe")

    for user in ("bob", "zoe", "alice"):
        guest = kitchen.attempt(user)
        expected = f"{user}, who was added, to be let in"
        expect(isinstance(guest, Person), rule="PARTICIPANTS-1", expected=expected, got=guest)


@rule("PARTICIPANTS-1")
@needs(Need.USER_IDS)
def test_a_hundred_are_added_at_a_time(kitchen: Room, http: Http) -> None:
    users = [f"guest-{number}" for number in range(PARTICIPANTS_PER_REQUEST)]
    body = {"participant_ids": users, "role": "cook"}

    assert http.request("POST", f"{kitchen.path}/participants", body).ok
    guest = kitchen.attempt(users[-1])
    expect(isinstance(guest, Person), rule="PARTICIPANTS-1", expected="the last of them to be let in", got=guest)


@rule("PARTICIPANTS-2")
def test_adding_whoever_is_there_disturbs_nobody(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()
    before = len(alice.notices(NoticeKind.JOINED, "bob"))

    kitchen.invite("alice", "bob")

    alice.fence()
    bob.hears(alice.say("still there?"), rule="PARTICIPANTS-2")
    notices = alice.notices(NoticeKind.JOINED, "bob")
    expected = "no further notice that bob joined"
    expect(len(notices) == before, rule="PARTICIPANTS-2", expected=expected, got=f"{len(notices)} of them")


@rule("PARTICIPANTS-2")
def test_adding_somebody_again_changes_nothing(kitchen: Room, http: Http) -> None:
    body = {"participant_ids": ["alice", "bob"]}

    answers = [http.request("POST", f"{kitchen.path}/participants", body) for _ in range(3)]

    assert [answer.ok for answer in answers] == [True, True, True]
    kitchen.join("alice")


@rule("PARTICIPANTS-2")
@needs(Capability.FETCH)
@needs(Need.USER_IDS)
def test_adding_somebody_again_lists_nobody_twice(kitchen: Room) -> None:
    kitchen.invite("alice", "alice", "bob")
    kitchen.invite("bob")

    listed = kitchen.participants()

    assert listed is None or sorted(listed) == ["alice", "bob"]


@rule("PARTICIPANTS-3")
def test_nobody_is_added_to_an_unknown_room(kitchen: Room, http: Http) -> None:
    body = {"participant_ids": ["alice"]}

    for unknown in (f"{kitchen.id}0", "CHAT_ID", "a" * 100):
        assert http.request("POST", f"/api/chats/{unknown}/participants", body).status == 404, unknown
    assert http.request("POST", f"{kitchen.path}/participants", body).ok


@rule("PARTICIPANTS-4")
@pytest.mark.parametrize("body", [pytest.param(body, id=case) for case, body in BAD_BODIES.items()])
def test_a_bad_body_is_refused(kitchen: Room, http: Http, body: bytes) -> None:
    answer = http.request("POST", f"{kitchen.path}/participants", raw=body)

    assert answer.status in BAD_BODY_STATUSES
    kitchen.invite("alice")
    kitchen.join("alice")


@rule("PARTICIPANTS-4")
@needs(Capability.FETCH)
def test_a_bad_body_adds_nobody(kitchen: Room, http: Http) -> None:
    http.request("POST", f"{kitchen.path}/participants", {"participant_ids": ["mallory", 42]})

    assert "mallory" not in (kitchen.participants() or [])

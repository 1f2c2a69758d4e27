"""Connections that do not belong in a room are refused."""

import pytest

from roomproof.spec.limits import USER_ID_CODE_POINTS
from roomproof.spec.messages import Message, Notice
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.suite.marks import rule

IMPOSSIBLE_IDS = {
    "the guide's placeholder": "CHAT_ID",
    "200 letters": "a" * 200,
    "a space": "my room",
    "markup": "<script>",
    "another script": "кухня",
}

ODD_USERS = {
    "65 characters": "a" * (USER_ID_CODE_POINTS + 1),
    "300 characters": "b" * 300,
    "a line break": "mallory\nadmin",
    "a NUL": "mal\x00lory",
    "an escape sequence": "\x1b[31mmallory",
    "a line end behind it": "mallory\n",
    "a tab before it": "\tmallory",
    "a control character of Latin-1": "\x85mallory",
}

AS_UNKNOWN_ROOM = "expected a handshake with 403, or a close with 4004 before any other frame"
AS_NO_ROOM = "expected a handshake with any status other than 101, or a close with 4004 before any other frame"
AS_BAD_USER = "expected any 4xx, or a close with 1008 or 4004 before any other frame"


@rule("REFUSE-1")
@pytest.mark.parametrize("change", ["another end", "a made-up id"])
def test_an_unknown_room_is_refused(stage: Stage, kitchen: Room, change: str) -> None:
    unknown = {"another end": f"{kitchen.id[:-4]}0{kitchen.id[-3:]}0", "a made-up id": f"room{stage.scene.token}"}

    refusal = stage.knock(unknown[change], "alice")

    assert isinstance(refusal, Refusal), "expected alice to be refused in a room that nobody made, but she was let in"
    assert refusal.is_unknown_room, f"{AS_UNKNOWN_ROOM}, got {refusal}"
    kitchen.join("alice")


@rule("REFUSE-1")
def test_what_is_nearly_an_id_is_refused(stage: Stage, kitchen: Room) -> None:
    around = [f"{kitchen.id} ", f" {kitchen.id}", f"{kitchen.id}%"]
    # A part of a short id, or the id in the other case, could be the id of another room.
    others = [kitchen.id.upper(), kitchen.id[:-1], kitchen.id[1:]] if len(kitchen.id) >= 12 else []
    kitchen.join("alice")

    for room_id in {*around, *others} - {kitchen.id}:
        refusal = stage.knock(room_id, "alice")
        assert isinstance(refusal, Refusal), f"expected alice to be refused in {room_id!r}, but she was let in"
        assert refusal.is_unknown_room, f"{room_id!r}: {AS_UNKNOWN_ROOM}, got {refusal}"


@rule("REFUSE-1")
@pytest.mark.parametrize("name", ["ws", "stats"])
def test_a_path_of_the_service_is_no_room(stage: Stage, kitchen: Room, name: str) -> None:
    refusal = stage.knock(name, "alice")

    assert isinstance(refusal, Refusal), f"expected alice to be refused in {name!r}, but she was let in"
    assert refusal.is_no_room, f"{AS_NO_ROOM}, got {refusal}"
    kitchen.join("alice")


@rule("REFUSE-2")
@pytest.mark.parametrize("room_id", [pytest.param(room_id, id=case) for case, room_id in IMPOSSIBLE_IDS.items()])
def test_what_cannot_be_an_id_is_refused(stage: Stage, kitchen: Room, room_id: str) -> None:
    refusal = stage.knock(room_id, "alice")

    assert isinstance(refusal, Refusal), "expected alice to be refused in a room that cannot exist, but she was let in"
    assert refusal.is_unknown_room, f"{AS_UNKNOWN_ROOM}, got {refusal}"
    kitchen.join("alice")


@rule("REFUSE-2")
def test_an_id_with_a_stray_quote_is_refused(stage: Stage, kitchen: Room) -> None:
    refusal = stage.knock(f"{kitchen.id}'", "alice")

    assert isinstance(refusal, Refusal), (
        "expected alice to be refused with a stray quote after the id, but she was let in"
    )
    assert refusal.is_unknown_room, f"{AS_UNKNOWN_ROOM}, got {refusal}"
    kitchen.join("alice")


@rule("REFUSE-3")
def test_nobody_is_refused(kitchen: Room) -> None:
    kitchen.join("alice")

    refusal = kitchen.knock(None)

    assert isinstance(refusal, Refusal), "expected somebody without a user id to be refused, but they were let in"
    assert refusal.is_bad_user, f"{AS_BAD_USER}, got {refusal}"


@rule("REFUSE-6")
def test_an_empty_user_id_is_refused(kitchen: Room) -> None:
    kitchen.join("alice")

    refusal = kitchen.knock("")

    assert isinstance(refusal, Refusal), "expected somebody with an empty user id to be refused, but they were let in"
    assert refusal.is_bad_user, f"{AS_BAD_USER}, got {refusal}"


@rule("REFUSE-4")
def test_the_refused_are_not_heard(stage: Stage, kitchen: Room) -> None:
    assert_not_heard(kitchen, None)
    stage.stats()


@rule("REFUSE-4")
def test_an_empty_user_id_is_not_heard_where_refused(stage: Stage, kitchen: Room, garage: Room) -> None:
    """A server that lets an empty user id in (REFUSE-6) has nothing to do here."""
    if isinstance(garage.knock(""), Refusal):
        assert_not_heard(kitchen, "")
    stage.stats()


def assert_not_heard(room: Room, user: str | None) -> None:
    """Assert that a refused user who speaks at once is not heard in the room."""
    alice = room.join("alice")
    before = len(alice.frames)

    whisper = room.barge_in(user, "let me in")

    alice.fence()
    heard = [frame for frame in alice.frames[before:] if isinstance(frame, Message | Notice)]
    assert not heard[:-1], f"expected alice to hear nothing of {whisper!r} or its sender, got {heard[:-1]}"


@rule("REFUSE-4")
def test_a_room_that_refuses_is_not_active(stage: Stage, kitchen: Room) -> None:
    unknown = f"room{stage.scene.token}"
    stage.knock(unknown, "mallory")
    kitchen.join("alice")

    stats = stage.stats_once(lambda stats: kitchen.id in stats.active_rooms and unknown not in stats.active_rooms)

    assert unknown not in stats.active_rooms
    assert stage.is_counted(1), "expected the statistics to count one member, got another number"


@rule("REFUSE-5")
@pytest.mark.parametrize("user", [pytest.param(user, id=case) for case, user in ODD_USERS.items()])
def test_an_odd_name_is_refused_or_kept(kitchen: Room, user: str) -> None:
    alice = kitchen.join("alice")

    mallory = kitchen.knock(user)

    if isinstance(mallory, Person):
        assert mallory.hears(mallory.say("it is me")).sender_id == user
        alice.hears_join_of(user)
    else:
        assert mallory.is_bad_user, f"{AS_BAD_USER}, got {mallory}"

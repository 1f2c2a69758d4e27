"""Connections that do not belong in a room are refused."""

import pytest

from roomproof.spec.limits import USER_ID_CODE_POINTS
from roomproof.spec.messages import Message, Notice
from roomproof.spec.rules import Capability, Need
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.refused import BAD_USER, NO_ROOM, UNKNOWN_ROOM, expect_refused
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.stage.stage import Stage
from roomproof.stage.stats import Stats
from roomproof.suite.marks import needs, rule

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


@rule("REFUSE-1")
@pytest.mark.parametrize("change", ["another end", "a made-up id"])
def test_an_unknown_room_is_refused(stage: Stage, kitchen: Room, change: str) -> None:
    unknown = {"another end": f"{kitchen.id[:-4]}0{kitchen.id[-3:]}0", "a made-up id": f"room{stage.scene.token}"}

    answer = stage.knock(unknown[change], "alice")

    expect_refused(answer, UNKNOWN_ROOM, rule="REFUSE-1", whom="alice in a room that nobody made")
    kitchen.join("alice")


@rule("REFUSE-1")
def test_what_is_nearly_an_id_is_refused(stage: Stage, kitchen: Room) -> None:
    around = [f"{kitchen.id} ", f" {kitchen.id}", f"{kitchen.id}%"]
    # A part of a short id, or the id in the other case, could be the id of another room.
    others = [kitchen.id.upper(), kitchen.id[:-1], kitchen.id[1:]] if len(kitchen.id) >= 12 else []
    kitchen.join("alice")

    for room_id in {*around, *others} - {kitchen.id}:
        answer = stage.knock(room_id, "alice")
        expect_refused(answer, UNKNOWN_ROOM, rule="REFUSE-1", whom=f"alice in {room_id!r}")


@rule("REFUSE-1")
@pytest.mark.parametrize("name", ["ws", "stats"])
def test_a_path_of_the_service_is_no_room(stage: Stage, kitchen: Room, name: str) -> None:
    expect_refused(stage.knock(name, "alice"), NO_ROOM, rule="REFUSE-1", whom=f"alice in {name!r}")
    kitchen.join("alice")


@rule("REFUSE-2")
@pytest.mark.parametrize("room_id", [pytest.param(room_id, id=case) for case, room_id in IMPOSSIBLE_IDS.items()])
def test_what_cannot_be_an_id_is_refused(stage: Stage, kitchen: Room, room_id: str) -> None:
    answer = stage.knock(room_id, "alice")

    expect_refused(answer, UNKNOWN_ROOM, rule="REFUSE-2", whom="alice in a room that cannot exist")
    kitchen.join("alice")


@rule("REFUSE-2")
def test_an_id_with_a_stray_quote_is_refused(stage: Stage, kitchen: Room) -> None:
    answer = stage.knock(f"{kitchen.id}'", "alice")

    expect_refused(answer, UNKNOWN_ROOM, rule="REFUSE-2", whom="alice with a stray quote after the id")
    kitchen.join("alice")


@rule("REFUSE-3")
def test_nobody_is_refused(kitchen: Room) -> None:
    kitchen.join("alice")

    expect_refused(kitchen.knock(None), BAD_USER, rule="REFUSE-3", whom="somebody without a user id")


@rule("REFUSE-6")
def test_an_empty_user_id_is_refused(kitchen: Room) -> None:
    kitchen.join("alice")

    expect_refused(kitchen.knock(""), BAD_USER, rule="REFUSE-6", whom="somebody with an empty user id")


@rule("REFUSE-4")
def test_the_refused_are_not_heard(stage: Stage, kitchen: Room) -> None:
    expect_not_heard(kitchen, None, let_in="REFUSE-3")
    stage.stats()


@rule("REFUSE-4")
def test_an_empty_user_id_is_not_heard_where_refused(stage: Stage, kitchen: Room, garage: Room) -> None:
    """A server that lets an empty user id in (REFUSE-6) has nothing to do here."""
    if isinstance(garage.knock(""), Refusal):
        expect_not_heard(kitchen, "", let_in="REFUSE-6")
    stage.stats()


@rule("REFUSE-4")
@needs(Capability.PARTICIPANTS_ONLY)
def test_whoever_is_no_participant_is_not_heard(stage: Stage, kitchen: Room) -> None:
    expect_not_heard(kitchen, "zoe", let_in="REFUSE-7")
    stage.stats()


def expect_not_heard(room: Room, user: str | None, *, let_in: str) -> None:
    """Expect that a refused user who speaks at once is not heard in the room.

    A user who was let in breaks the rule `let_in`, and nothing was refused.
    """
    alice = room.join("alice")
    before = len(alice.frames)

    stranger = room.barge_in(user, "let me in")

    alice.fence()
    heard = [frame for frame in alice.frames[before:] if isinstance(frame, Message | Notice)][:-1]
    if heard and isinstance(stranger, Person):
        expect_refused(stranger, BAD_USER, rule=let_in, whom=f"somebody with the user id {user!r}")
    expect(not heard, rule="REFUSE-4", expected="alice to hear nothing of somebody who was refused", got=heard)


@rule("REFUSE-4")
def test_a_room_that_refuses_is_not_active(stage: Stage, kitchen: Room) -> None:
    unknown = f"room{stage.scene.token}"
    kitchen.join("alice")
    exclusive = stage.scene.target.exclusive
    before = stage.stats_once(
        lambda stats: kitchen.id in stats.active_rooms and stats.fit(1, {kitchen.id}, exclusive=exclusive)
    )

    answer = stage.knock(unknown, "mallory")

    expect_refused(answer, UNKNOWN_ROOM, rule="REFUSE-1", whom="mallory in a room that nobody made")
    stats = stage.stats_once(lambda stats: unknown not in stats.active_rooms and not has_grown(stage, before, stats))
    expect(unknown not in stats.active_rooms, rule="REFUSE-4", expected="no room that refuses to be active", got=stats)
    expected = f"the refused not to be counted after {before}"
    expect(not has_grown(stage, before, stats), rule="REFUSE-4", expected=expected, got=stats)


def has_grown(stage: Stage, before: Stats, after: Stats) -> bool:
    """Whether more connections are counted than before.

    False if others than the people of this scenario can have joined.
    """
    rooms = {room.id for room in stage.rooms}
    alone = stage.scene.target.exclusive or (before.are_only_of(rooms) and after.are_only_of(rooms))
    return alone and after.total_connections > before.total_connections


@rule("REFUSE-5")
@needs(Need.SENDER)
@pytest.mark.parametrize("user", [pytest.param(user, id=case) for case, user in ODD_USERS.items()])
def test_an_odd_name_is_refused_or_kept(kitchen: Room, user: str) -> None:
    alice = kitchen.join("alice")

    mallory = kitchen.knock(user)

    if isinstance(mallory, Person):
        sender_id = mallory.hears(mallory.say("it is me")).sender_id
        number = mallory.connection.number
        expect(
            sender_id == user, rule="REFUSE-5", expected=f"sender_id {user!r}", got=repr(sender_id), connection=number
        )
        alice.hears_join_of(user, rule="REFUSE-5")
    else:
        expect_refused(mallory, BAD_USER, rule="REFUSE-5", whom=f"somebody with the user id {user!r}")

"""Users who are no participants of a room are refused, and hear nothing."""

import pytest

from roomproof.dialects.users import BadToken
from roomproof.nemesis.talk import BackgroundTalk
from roomproof.spec.rules import Capability, Need
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.refused import BAD_USER, OUTSIDER, SILENT, expect_refused
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.stage.stage import Stage
from roomproof.suite.marks import needs, rule

TRIES = 3
"""Number of times that somebody tries to get in."""


@rule("REFUSE-7")
def test_whoever_is_no_participant_is_refused(stage: Stage, kitchen: Room) -> None:
    alice = kitchen.join("alice")

    expect_kept_out(stage, kitchen, "zoe", inside=alice)

    alice.hears(kitchen.join("zoe").say("now I may"))


@rule("REFUSE-7")
def test_a_participant_of_another_room_is_refused(stage: Stage, kitchen: Room, garage: Room) -> None:
    alice, bob, zoe = kitchen.join("alice"), garage.join("bob"), garage.join("zoe")

    expect_kept_out(stage, kitchen, "zoe", inside=alice)

    bob.hears(zoe.say("I am at home here"))


@rule("REFUSE-7")
@needs(Need.USER_IDS)
@pytest.mark.parametrize("user", ["Zoe", "zo", "zoe.", "zo_"])
def test_a_similar_user_id_is_refused(stage: Stage, kitchen: Room, user: str) -> None:
    alice, _ = kitchen.join("alice"), kitchen.join("zoe")

    expect_kept_out(stage, kitchen, user, inside=alice)


@rule("REFUSE-8")
@pytest.mark.parametrize("token", list(BadToken))
def test_whoever_has_no_valid_token_is_refused(stage: Stage, kitchen: Room, token: BadToken) -> None:
    alice = kitchen.join("alice")
    kitchen.invite("bob")

    with BackgroundTalk(alice):
        answer = kitchen.knock("bob", token=token)

    form = SILENT if stage.scene.target.lacks(Need.REFUSAL) else BAD_USER
    expect_refused(answer, form, rule="REFUSE-8", whom=f"a participant whose token is {token}")
    alice.hears(kitchen.join("bob").say("here is a good one"))


@rule("PARTICIPANTS-1")
@needs(Capability.PARTICIPANTS_ONLY)
def test_whoever_was_refused_may_connect_once_added(kitchen: Room) -> None:
    kitchen.invite("alice")
    early = kitchen.knock("zoe")

    kitchen.invite("zoe")
    zoe = kitchen.attempt("zoe")

    expect(isinstance(early, Refusal), rule="REFUSE-7", expected="zoe to be refused before she is added", got=early)
    expect(isinstance(zoe, Person), rule="PARTICIPANTS-1", expected="zoe, who was added, to be let in", got=zoe)


def expect_kept_out(stage: Stage, room: Room, user: str, *, inside: Person) -> None:
    """Expect that a user is refused again and again while somebody inside talks."""
    target = stage.scene.target
    form = SILENT if target.lacks(Need.REFUSAL) else OUTSIDER
    with BackgroundTalk(inside):
        for _ in range(TRIES):
            expect_refused(room.knock(user), form, rule="REFUSE-7", whom=f"{user!r}, who is no participant,")

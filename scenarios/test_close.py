"""Connections end for a reason, and in order."""

import pytest

from roomproof.client import NO_CODE
from roomproof.rules import rule
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.wire import CONTENT_CODE_POINTS, NoticeKind

BURST = 8
"""So many long messages are on their way at once: few enough for everybody who reads."""

MOST_BYTES = 16 * 1024 * 1024
"""After so many bytes a member that does not read should have been given up (CLOSE-5)."""


@rule("CLOSE-1")
def test_healthy_members_stay(kitchen: Room) -> None:
    people = [kitchen.join(f"guest-{number}") for number in range(6)]
    kitchen.join("short").leave()
    kitchen.join("shorter").die("rst")
    kitchen.join("shortest").die("fin")

    for speaker in people:
        message = speaker.say("still here")
        for listener in people:
            listener.hears(message)

    assert all(person.is_open for person in people)


@rule("CLOSE-1")
def test_whoever_says_nothing_stays(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    alice.hears(*alice.say_all(60))
    bob.hears(alice.say("still awake?"))

    assert bob.is_open


@rule("CLOSE-2")
@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999, pytest.param(NO_CODE, id="no code")])
def test_a_close_is_answered(kitchen: Room, code: int) -> None:
    alice = kitchen.join("alice")

    alice.leave(code)

    assert alice.was_closed_with() is not None, "the link ended without a Close frame"


@rule("CLOSE-2")
def test_a_close_right_after_the_handshake_is_answered(kitchen: Room) -> None:
    for number in range(5):
        guest = kitchen.enter(f"guest-{number}")
        guest.leave()

        assert guest.was_closed_with() is not None, "the link ended without a Close frame"


@rule("CLOSE-3")
def test_the_members_of_a_deleted_room_are_closed(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    charlie, alice_elsewhere = garage.join("charlie"), garage.join("alice")
    alice_elsewhere.fence()  # from now on a close with 4004 is no refusal

    kitchen.delete()

    assert alice.was_closed_with() == 4004
    assert bob.was_closed_with() == 4004
    for person in (charlie, alice_elsewhere):
        person.fence()
        assert person.is_open


@rule("CLOSE-4")
def test_a_member_that_does_not_read_holds_nobody_up(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.join("sloth", reads=False)
    content = "€" * (CONTENT_CODE_POINTS - 64)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < MOST_BYTES // 2:
        burst = alice.say_all(BURST, content)
        assert bob.heard(burst[-1]), f"bob hears no more after {heard} bytes that sloth did not read"
        assert alice.heard(burst[-1]), f"alice hears no more after {heard} bytes that sloth did not read"
        heard += BURST * len(content.encode())


@rule("CLOSE-5")
def test_a_member_that_does_not_read_is_given_up(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.join("sloth", reads=False)
    content = "€" * (CONTENT_CODE_POINTS - 64)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < MOST_BYTES:
        bob.hears(alice.say_all(BURST, content)[-1])
        heard += BURST * len(content.encode())

    try:
        bob.hears_leave_of("sloth")
    except RuleBrokenError as error:
        raise RuleBrokenError("CLOSE-5", f"sloth to be given up within {MOST_BYTES} bytes", error.came) from error

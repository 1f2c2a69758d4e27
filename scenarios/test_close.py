"""Connections end for a reason only, and with a Close frame."""

import pytest

from roomproof.client.quiet_close import NO_CODE
from roomproof.spec.limits import CONTENT_CODE_POINTS, CloseCode
from roomproof.spec.messages import NoticeKind
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.suite.marks import rule

BURST = 8
"""Number of long messages at once, few enough for all who read."""

PATIENCE_BYTES = 16 * 1024 * 1024
"""Bytes after which a member that does not read should be given up (CLOSE-5)."""


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
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(CloseCode.NORMAL, "", id="1000"),
        pytest.param(CloseCode.GOING_AWAY, "", id="1001"),
        pytest.param(3000, "", id="3000"),
        pytest.param(4999, "", id="4999"),
        pytest.param(NO_CODE, "", id="no code"),
        pytest.param(CloseCode.NORMAL, "until tomorrow, Zoë 🍲", id="a reason"),
    ],
)
def test_a_close_is_answered(kitchen: Room, code: int, reason: str) -> None:
    alice = kitchen.join("alice")

    alice.leave(code, reason)

    assert alice.was_closed_with() is not None, "expected a Close frame, got the end of the link without it"


@rule("CLOSE-2")
def test_a_close_right_after_the_handshake_is_answered(kitchen: Room) -> None:
    for number in range(5):
        guest = kitchen.enter(f"guest-{number}")
        guest.leave()

        assert guest.was_closed_with() is not None, "expected a Close frame, got the end of the link without it"


@rule("CLOSE-3")
def test_the_members_of_a_deleted_room_are_closed(kitchen: Room, garage: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "bob", "bob")]
    charlie, alice_elsewhere = garage.join("charlie"), garage.join("alice")
    alice_elsewhere.fence()  # after that, a close with 4004 is no refusal

    kitchen.delete()

    assert [person.was_closed_with() for person in people] == [CloseCode.NO_SUCH_ROOM] * 4
    for person in (charlie, alice_elsewhere):
        person.fence()
        assert person.is_open


@rule("CLOSE-4", "DELIVER-1")
def test_a_slow_reader_holds_nobody_up_and_misses_nothing(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    sloth = kitchen.join("sloth", reads=False)
    content = "€" * (CONTENT_CODE_POINTS - 64)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < PATIENCE_BYTES // 2:
        burst = alice.say_all(BURST, content)
        for listener in (bob, alice):
            if not listener.heard(burst[-1]):
                expected = f"{listener.user} to go on hearing after {heard} bytes that sloth did not read"
                raise RuleBrokenError("CLOSE-4", expected, listener.account())
        heard += BURST * len(content.encode())

    # The judge sees that sloth hears no message after a missing one; unless it is closed, it hears all of them.
    sloth.connection.read()
    if not sloth.catches_up_to(burst[-1]) and sloth.is_open:
        raise RuleBrokenError("DELIVER-1", "sloth to hear everything or be closed", sloth.account())


@rule("CLOSE-5")
def test_a_member_that_does_not_read_is_given_up(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.join("sloth", reads=False)
    content = "€" * (CONTENT_CODE_POINTS - 64)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < PATIENCE_BYTES:
        bob.hears(alice.say_all(BURST, content)[-1])
        heard += BURST * len(content.encode())

    try:
        bob.hears_leave_of("sloth")
    except RuleBrokenError as error:
        raise RuleBrokenError("CLOSE-5", f"sloth to be given up within {PATIENCE_BYTES} bytes", error.got) from error

"""Connections end for a reason only, and with a Close frame."""

import functools
import itertools
import random
from collections.abc import Iterator

import pytest

from roomproof.client.quiet_close import NO_CODE
from roomproof.spec.limits import CONTENT_CODE_POINTS, CloseCode
from roomproof.spec.messages import NoticeKind
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.suite.marks import rule

BURST = 8
"""Number of long messages at once, few enough for all who read."""

PATIENCE_BYTES = 16 * 1024 * 1024
"""Bytes after which a member that does not read should be given up (CLOSE-5)."""

IDEOGRAPHS = [chr(code) for code in range(0x4E00, 0x9FA6)]


LONG_TEXTS = 8
"""Number of different long texts: more than compression remembers, which is 32 KiB."""


@functools.cache
def long_texts() -> Iterator[str]:
    """Return an endless series of long texts, with three bytes for each character.

    Compression would make a backlog of equal texts very small. Making each anew would take longer than saying it.
    """
    return itertools.cycle("".join(random.choices(IDEOGRAPHS, k=CONTENT_CODE_POINTS - 64)) for _ in range(LONG_TEXTS))


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

    for person in people:
        person.fence()


@rule("CLOSE-1")
def test_whoever_says_nothing_stays(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    alice.hears(*alice.say_all(60))
    bob.hears(alice.say("still awake?"))
    bob.fence()


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

    expect_answer(alice)


def expect_answer(person: Person) -> None:
    """Expect that the server has answered the Close frame of a person with its own."""
    code = person.was_closed_with(rule="CLOSE-2")
    expect(code is not None, rule="CLOSE-2", expected="a Close frame", got="the end of the link without it")


@rule("CLOSE-2")
def test_a_close_right_after_the_handshake_is_answered(kitchen: Room) -> None:
    for number in range(5):
        guest = kitchen.enter(f"guest-{number}")
        guest.leave()

        expect_answer(guest)


@rule("CLOSE-3")
def test_the_members_of_a_deleted_room_are_closed(kitchen: Room, garage: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "bob", "bob")]
    charlie, alice_elsewhere = garage.join("charlie"), garage.join("alice")
    alice_elsewhere.fence()  # after that, a close with 4004 is no refusal

    kitchen.delete()

    codes = [person.was_closed_with(rule="CLOSE-3") for person in people]
    shown = ", ".join("no Close frame" if code is None else str(code) for code in codes)
    expect(codes == [CloseCode.NO_SUCH_ROOM] * 4, rule="CLOSE-3", expected="4004 for all", got=shown)
    for person in (charlie, alice_elsewhere):
        person.fence()
        assert person.is_open


@rule("CLOSE-4", "DELIVER-1")
def test_a_slow_reader_holds_nobody_up_and_misses_nothing(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    bob.hears(alice.say(next(long_texts())))
    alice.fence()
    sloth = kitchen.join("sloth", reads=False)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < PATIENCE_BYTES // 2:
        burst = [alice.say(next(long_texts())) for _ in range(BURST)]
        for listener in (bob, alice):
            listener.hears(burst[-1], rule="CLOSE-4")
        heard += sum(len(content.encode()) for content in burst)

    # The judge sees that sloth hears no message after a missing one; unless it is closed, it hears all of them.
    sloth.connection.read()
    if not sloth.catches_up_to(burst[-1]) and sloth.is_open:
        sloth.hears(burst[-1])


@rule("CLOSE-5")
def test_a_member_that_does_not_read_is_given_up(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    bob.hears(alice.say(next(long_texts())))
    alice.fence()
    kitchen.join("sloth", reads=False)
    heard = 0

    while not bob.notices(NoticeKind.LEFT, "sloth") and heard < PATIENCE_BYTES:
        burst = [alice.say(next(long_texts())) for _ in range(BURST)]
        bob.hears(burst[-1], rule="CLOSE-4")
        heard += sum(len(content.encode()) for content in burst)

    expected = f"sloth to be given up within {PATIENCE_BYTES} bytes"
    expect(bob.heard_leave_of("sloth"), rule="CLOSE-5", expected=expected, got=bob.account())

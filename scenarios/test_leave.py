"""Everybody who leaves is announced, by a Close frame or without."""

import pytest

from roomproof.client.quiet_close import NO_CODE
from roomproof.client.target import Target
from roomproof.spec.limits import CloseCode
from roomproof.spec.messages import Message, Notice
from roomproof.spec.rules import Capability
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.suite.marks import rule, unless


@rule("LEAVE-1")
@pytest.mark.parametrize(
    "code", [CloseCode.NORMAL, CloseCode.GOING_AWAY, 3000, 4999, pytest.param(NO_CODE, id="no code")]
)
def test_everybody_hears_who_closes(kitchen: Room, code: int) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    charlie.leave(code)

    alice.hears_leave_of("charlie")
    bob.hears_leave_of("charlie")


@rule("LEAVE-1")
def test_a_crowd_leaves_one_by_one(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    crowd = [kitchen.join(f"guest-{number}") for number in range(15)]

    for guest in crowd:
        guest.leave()

    for guest in crowd:
        alice.hears_leave_of(guest.user)


@rule("LEAVE-1")
def test_whoever_comes_back_leaves_again(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for times in (1, 2, 3):
        bob = kitchen.join("bob")
        bob.leave()
        alice.hears_leave_of("bob", times=times)
        alice.hears_join_of("bob", times=times)


@rule("LEAVE-2")
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_everybody_hears_whose_link_ends(kitchen: Room, how: str) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    charlie.die(how)

    alice.hears_leave_of("charlie")
    bob.hears_leave_of("charlie")


@rule("LEAVE-1", "LEAVE-2", "CLOSE-1")
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_those_who_came_first_leave_and_the_others_go_on(kitchen: Room, how: str) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie", "mallory")]

    for _ in range(3):
        gone = people.pop(0)
        gone.go(how)
        for listener in people:
            listener.hears_leave_of(gone.user)
        for speaker in people:
            message = speaker.say_or_be_gone("still here")
            for listener in people:
                listener.hears(message)


@rule("LEAVE-2")
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_what_is_said_while_a_link_ends_reaches_all_the_others(kitchen: Room, how: str) -> None:
    alice = kitchen.join("alice")

    for number in range(3):
        dead = kitchen.join(f"guest-{number}")
        bob = kitchen.join(f"guest-{number + 3}")
        dead.die(how)
        said = alice.say_all(15)
        bob.hears(*said)


@rule("LEAVE-2")
def test_the_end_of_a_link_that_nobody_reads_is_noticed(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    bob = kitchen.join("bob", reads=False)
    alice.fence()

    bob.die("rst")

    alice.hears_leave_of("bob")


@rule("LEAVE-3")
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_nothing_is_heard_of_who_has_left(kitchen: Room, how: str) -> None:
    alice = kitchen.join("alice")

    for number in range(5):
        guest = kitchen.join(f"guest-{number}")
        guest.say_all(10, "goodbye")
        guest.go(how)
        alice.hears_leave_of(guest.user)
        alice.fence()
        of_guest = [
            type(frame)
            for frame in alice.frames
            if (isinstance(frame, Notice) and frame.user_id == guest.user)
            or (isinstance(frame, Message) and frame.sender_id == guest.user)
        ]
        assert of_guest[-1] is Notice, f"expected nothing of {guest.user} after its leave notice, got {of_guest}"


@rule("LEAVE-4")
@unless(Capability.PRESENCE_PER_USER)
def test_the_other_device_stays(kitchen: Room) -> None:
    alice, bob, bobs_phone = (kitchen.join(user) for user in ("alice", "bob", "bob"))
    kitchen.all_greet()

    bob.leave()
    alice.hears_leave_of("bob")

    soup = alice.say("soup is ready")
    bobs_phone.hears(soup, rule="LEAVE-4")
    coming = bobs_phone.say("coming")
    alice.hears(coming, rule="LEAVE-4")


@rule("LEAVE-4")
def test_the_other_device_hears_and_is_heard(kitchen: Room) -> None:
    alice, bob, bobs_phone = (kitchen.join(user) for user in ("alice", "bob", "bob"))
    kitchen.all_greet()

    bobs_phone.die("rst")
    alice.fence()

    bob.hears(alice.say("soup is ready"), rule="LEAVE-4")
    alice.hears(bob.say("coming"), rule="LEAVE-4")


@rule("LEAVE-4")
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_whoever_leaves_one_room_stays_in_another(kitchen: Room, garage: Room, how: str) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    charlie, bob_elsewhere = garage.join("charlie"), garage.join("bob")
    garage.all_greet()

    bob.go(how)
    alice.hears_leave_of("bob")

    bob_elsewhere.hears(charlie.say("soup is ready"), rule="LEAVE-4")
    charlie.hears(bob_elsewhere.say_or_be_gone("coming"), rule="LEAVE-4")


@rule("LEAVE-5")
def test_a_silent_peer_is_taken_for_dead(kitchen: Room, target: Target) -> None:
    alice = kitchen.join("alice")
    kitchen.join("bob", reads=False)
    heartbeat = target.capabilities[Capability.HEARTBEAT] or 0.0

    is_told = alice.heard_leave_of("bob", within=heartbeat + target.deadline)
    expect(is_told, rule="LEAVE-5", expected=f"alice to hear that bob left, {heartbeat:g} s later", got=alice.account())

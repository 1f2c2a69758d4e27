"""Timestamps, and messages around the time at which people join and leave."""

import time

import pytest

from roomproof.spec.limits import TIMESTAMP_TICK_S
from roomproof.spec.messages import NoticeKind, parse_timestamp
from roomproof.spec.rules import Capability, Need
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.stage.stage import Stage
from roomproof.suite.marks import needs, rule, unless


@rule("DELIVER-8")
def test_timestamps_tell_the_time(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    stamps = [bob.hears(alice.say(f"tick {number}")).timestamp for number in range(3)]

    # The judge compares the timestamp of every frame in every scenario with the time of receipt.
    assert all(parse_timestamp(stamp) for stamp in stamps)


@rule("DELIVER-9")
def test_time_moves(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    first = parse_timestamp(alice.hears(alice.say("tick")).timestamp)

    for _ in range(2):  # a coarse clock can change right after the first message, so only the second change counts
        latest, began, is_enough = first, time.monotonic(), False
        while latest == first and not is_enough:
            is_enough = time.monotonic() - began >= TIMESTAMP_TICK_S
            latest = parse_timestamp(alice.hears(alice.say("tock")).timestamp)
        assert first is not None
        assert latest is not None
        assert latest > first, f"expected a later timestamp {TIMESTAMP_TICK_S} s later, got the same"
        first = latest


@rule("DELIVER-9")
def test_time_does_not_run_backwards(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    stamps = [parse_timestamp(bob.hears(message).timestamp) for message in alice.say_all(150, "tick")]

    assert stamps == sorted(stamp for stamp in stamps if stamp is not None)


@rule("DELIVER-10")
@unless(Capability.HISTORY)
def test_nothing_is_repeated_to_late_comers(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = alice.say_all(5) + bob.say_all(5)
    alice.hears(*said)
    bob.hears(*said)

    charlie = kitchen.join("charlie")
    charlie.fence()
    charlie.hears(alice.say("welcome"))

    assert not [message for message in said if charlie.echoed(message)]
    assert not charlie.notices(NoticeKind.JOINED, "alice")


@rule("DELIVER-10")
@unless(Capability.HISTORY)
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_nothing_is_kept_for_whoever_comes_back(kitchen: Room, how: str) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    bob.go(how)
    alice.hears_leave_of("bob")
    missed = alice.say_all(3, "without bob")
    alice.hears(*missed)

    bob = kitchen.join("bob")
    bob.fence()
    bob.hears(alice.say("welcome back"))

    assert not [message for message in missed if bob.echoed(message)]


@rule("DELIVER-10")
@unless(Capability.HISTORY)
def test_nothing_is_repeated_in_a_room_that_was_empty(stage: Stage, kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = alice.say_all(5) + bob.say_all(5)
    alice.hears(*said)
    bob.leave()
    alice.hears_leave_of("bob")
    alice.fence()
    alice.leave()
    stage.stats_once(lambda stats: kitchen.id not in stats.active_rooms)

    charlie = kitchen.join("charlie")
    charlie.fence()

    assert not [message for message in said if charlie.echoed(message)]


@rule("DELIVER-10")
@needs(Need.SENDER)
@needs(Capability.HISTORY)
def test_history_comes_once_and_in_order(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = [message for _ in range(3) for speaker in (alice, bob) for message in speaker.say_all(2)]
    alice.hears(*said)
    bob.hears(*said)

    charlie = kitchen.join("charlie")
    charlie.fence()
    charlie.hears(alice.say("welcome"), bob.say("welcome"))

    for speaker in (alice, bob):
        heard = [message.content for message in charlie.messages() if message.sender_id == speaker.user]
        earlier = [content for content in heard if content in said]
        is_in_order = earlier == sorted(set(earlier), key=said.index)
        expected = f"earlier messages of {speaker.user} each once and in order"
        expect(is_in_order, rule="DELIVER-10", expected=expected, got=earlier)
        assert not charlie.notices(NoticeKind.JOINED, speaker.user)


@rule("DELIVER-10")
@needs(Capability.HISTORY)
def test_history_is_told_to_nobody_who_was_there(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = alice.say_all(5) + bob.say_all(5)
    alice.hears(*said)
    bob.hears(*said)

    kitchen.join("charlie").fence()
    alice.fence()
    bob.fence()

    for listener in (alice, bob):
        heard = sorted(message.content for message in listener.messages() if message.content in said)
        expect(heard == sorted(said), rule="DELIVER-10", expected="no history for those who were there", got=heard)


@rule("DELIVER-11")
def test_the_last_words_before_a_close_are_heard(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    for number in range(10):
        guest = kitchen.join(f"guest-{number}")
        last_words = guest.say_all(15, "goodbye")
        guest.connection.begin_close()
        for listener in (alice, bob):
            for message in last_words:
                listener.hears(message)


@rule("DELIVER-11")
def test_one_message_and_goodbye(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        only_words = guest.say("hello and goodbye")
        guest.connection.begin_close()
        alice.hears(only_words)


@rule("DELIVER-12")
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_dead_sender_was_heard_by_all_or_none(kitchen: Room, how: str) -> None:
    listeners = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    for number in range(10):
        guest = kitchen.join(f"guest-{number}")
        last_words = guest.say_all(15, "goodbye")
        guest.die(how)
        for listener in listeners:
            listener.hears_leave_of(guest.user)
        heard = [[message for message in last_words if listener.echoed(message)] for listener in listeners]
        assert heard[0] == heard[1] == heard[2], (
            f"expected all to hear the same of {guest.user}, got {[len(one) for one in heard]} messages"
        )
        assert heard[0] == last_words[: len(heard[0])], (
            f"expected no hole in what is heard of {guest.user}, got {heard[0]}"
        )


@rule("DELIVER-12")
def test_what_somebody_heard_of_a_dead_sender_everybody_hears(kitchen: Room) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    for number in range(5):
        guest = kitchen.join(f"guest-{number}")
        message = guest.say("help")
        alice.hears(message)
        guest.die("rst")
        bob.hears(message)
        charlie.hears(message)

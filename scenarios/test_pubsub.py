"""Several instances that pass everything to each other serve like one."""

import pytest

from roomproof.spec.messages import NoticeKind
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.suite.marks import rule, several_clients


def two_on_each(stage: Stage, room: Room) -> list[Person]:
    """Let Alice and Anna join on one instance, Bob and Ben on another."""
    here, there = stage.apart()
    people = [room.join(user, source=source) for user, source in (("alice", here), ("bob", there))]
    people += [room.join(user, source=source) for user, source in (("anna", here), ("ben", there))]
    assert len({person.instance for person in people}) == 2, "expected people on two instances, got another number"
    return people


@rule("PUBSUB-3")
@several_clients
def test_everybody_hears_everybody_on_whatever_instance(stage: Stage, kitchen: Room) -> None:
    people = two_on_each(stage, kitchen)

    for speaker in people:
        message = speaker.say(f"{speaker.user} speaking")
        for listener in people:
            listener.hears(message, rule="PUBSUB-3")


@rule("PUBSUB-3")
@several_clients
def test_a_busy_room_is_heard_once_and_in_order_everywhere(stage: Stage, kitchen: Room) -> None:
    people = two_on_each(stage, kitchen)

    said: dict[str, list[str]] = {speaker.user: [] for speaker in people}
    for _ in range(15):
        for speaker in people:
            said[speaker.user] += speaker.say_all(4)

    for listener in people:
        for burst in said.values():
            listener.hears(burst[-1], rule="PUBSUB-3")
            assert [one.content for one in listener.messages() if one.content in set(burst)] == burst


@rule("PUBSUB-4")
@several_clients
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_joins_and_leaves_are_announced_once_on_every_instance(stage: Stage, kitchen: Room, how: str) -> None:
    people = two_on_each(stage, kitchen)

    for number, source in enumerate(stage.apart() * 2):
        guest = kitchen.join(f"guest-{number}", source=source)
        for listener in people:
            listener.hears_join_of(guest.user, times=kitchen.visits(guest.user), rule="PUBSUB-4")
        guest.go(how)
        for listener in people:
            listener.hears_leave_of(guest.user, times=kitchen.visits(guest.user), rule="PUBSUB-4")

    for listener in people:
        listener.fence()
        for number in range(4):
            for kind in NoticeKind:
                notices, visits = listener.notices(kind, f"guest-{number}"), kitchen.visits(f"guest-{number}")
                assert len(notices) == visits, (
                    f"expected a notice for each of {visits} times that guest-{number} {kind}, got {listener.account()}"
                )


@rule("PUBSUB-4")
@several_clients
def test_an_instance_that_a_room_had_left_is_reached_again(stage: Stage, kitchen: Room) -> None:
    here, there = stage.apart()
    alice = kitchen.join("alice", source=here)

    for number in range(6):
        guest = kitchen.enter(f"guest-{number}", source=there)
        alice.hears_join_of(guest.user, times=kitchen.visits(guest.user), rule="PUBSUB-4")
        welcome = alice.say(f"welcome, {guest.user}")
        guest.hears(welcome, rule="PUBSUB-4")
        guest.leave()
        # The next guest joins while this one might still be leaving.

    for number in range(6):
        alice.hears_leave_of(f"guest-{number}", times=kitchen.visits(f"guest-{number}"), rule="PUBSUB-4")


@rule("PUBSUB-5")
@several_clients
def test_each_instance_counts_its_own_members(stage: Stage, kitchen: Room, garage: Room) -> None:
    here, there = stage.apart()
    kitchen.join("alice", source=here)
    bob = kitchen.join("bob", source=there)
    garage.join("charlie", source=here)
    both = {kitchen.id, garage.id}

    near = stage.stats_once(lambda stats: both <= set(stats.active_rooms), here)
    far = stage.stats_once(
        lambda stats: kitchen.id in stats.active_rooms and garage.id not in stats.active_rooms, there
    )

    assert both <= set(near.active_rooms), f"expected the rooms of alice and charlie to be listed, got {near}"
    assert kitchen.id in far.active_rooms, f"expected the room of bob to be listed, got {far}"
    assert garage.id not in far.active_rooms, "expected a room without members here to be missing, got it listed"
    assert stage.is_counted(3)
    bob.leave()
    assert kitchen.id not in stage.stats_once(lambda stats: kitchen.id not in stats.active_rooms, there).active_rooms
    assert kitchen.id in stage.stats(here).active_rooms
    assert stage.is_counted(2)

"""Several instances behind one address, with nothing between them."""

import pytest

from roomproof.client.target import Target
from roomproof.spec.messages import NoticeKind
from roomproof.stage.clients import instance_of
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.stage.stats import read_stats
from roomproof.suite.marks import rule, several_clients

VISITS = 8
"""Number of visits.

A front that chooses one of two instances by chance passes once in 128 runs.
"""


@rule("STICKY-1", "PUBSUB-1")
def test_one_client_keeps_its_instance(stage: Stage, kitchen: Room) -> None:
    home = stage.scene.http.home
    reached = set()

    for number in range(VISITS):
        reached.add(kitchen.join(f"guest-{number}", source=home).instance)
        answer = stage.scene.http.stats(home)
        reached.add(instance_of(answer))
        assert kitchen.id in read_stats(answer).active_rooms, (
            "expected the statistics of the same instance, got those of another"
        )

    assert len(reached - {None}) <= 1, f"expected {home or 'one client'} to reach one instance, got {reached}"


@rule("STICKY-2", "PUBSUB-1")
@several_clients
def test_many_clients_reach_several_instances(stage: Stage, kitchen: Room, target: Target) -> None:
    stage.apart()
    guests = [kitchen.enter(f"guest-{number}", source=source) for number, source in enumerate(target.clients)]

    reached = {guest.instance for guest in guests}

    assert len(reached) > 1, f"expected {', '.join(target.clients)} to reach several instances, got {reached}"
    assert set(stage.clients.by_client.values()) >= reached, f"expected the instances of the first look, got {reached}"


@rule("STICKY-3", "PUBSUB-2")
@several_clients
@pytest.mark.parametrize("way", ["there", "back"])
def test_a_room_of_one_instance_can_be_joined_through_another(stage: Stage, way: str) -> None:
    here, there = stage.apart()
    made_at, joined_at = {"there": (here, there), "back": (there, here)}[way]

    kitchen = stage.room(source=made_at)
    alice, bob = kitchen.admit("alice", source=joined_at), kitchen.admit("bob", source=made_at)

    assert alice is not None, f"expected {joined_at} to be let into a room made from {made_at}, got a refusal"
    assert bob is not None, f"expected {made_at} to be let into a room of its own, got a refusal"
    alice.hears(alice.say("from elsewhere"))
    bob.hears(bob.say("at home"))
    assert alice.instance != bob.instance


@rule("STICKY-4")
@several_clients
def test_members_on_one_instance_hear_each_other_and_no_others(stage: Stage, kitchen: Room) -> None:
    here, there = stage.apart()
    alice, anna = kitchen.join("alice", source=here), kitchen.join("anna", source=here)
    bob, ben = kitchen.join("bob", source=there), kitchen.join("ben", source=there)

    for _ in range(5):
        for speaker, near, far in ((alice, anna, [bob, ben]), (ben, bob, [alice, anna])):
            burst = speaker.say_all(5)
            near.hears(burst[-1], rule="STICKY-4")
            for stranger in far:
                stranger.fence()
                assert not any(stranger.echoed(one) for one in burst), (
                    f"expected {stranger.user} not to hear {speaker.user}, got a message"
                )


@rule("STICKY-4")
@several_clients
def test_nobody_hears_who_joins_and_leaves_on_another_instance(stage: Stage, kitchen: Room) -> None:
    here, there = stage.apart()
    alice, bob = kitchen.join("alice", source=here), kitchen.join("bob", source=there)

    for number in range(5):
        guest = kitchen.join(f"guest-{number}", source=here)
        alice.hears_join_of(guest.user)
        guest.leave()
        alice.hears_leave_of(guest.user)
        bob.fence()
        assert not bob.notices(NoticeKind.JOINED, guest.user)
        assert not bob.notices(NoticeKind.LEFT, guest.user)

"""Items that are due across several instances, with and without faults."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding


def test_members_on_different_instances_hear_nothing(tale: Tale) -> None:
    """They are in one room, but the instances are sticky."""
    tale.declares("sticky")
    alice = tale.joins("alice", instance="one")
    bob = tale.joins("bob", instance="two")
    alice.hears(alice.joined, alice.says("soup"))
    bob.hears(bob.joined, bob.says("bread"))

    assert tale.findings() == []


def test_what_crosses_between_sticky_instances_leaks(tale: Tale) -> None:
    tale.declares("sticky")
    alice = tale.joins("alice", instance="one")
    bob = tale.joins("bob", instance="two")
    soup = alice.says("soup")
    alice.hears(soup)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LEAKED, "STICKY-4", bob, soup)]


def test_members_on_one_sticky_instance_hear_each_other(tale: Tale) -> None:
    tale.declares("sticky")
    alice, bob = tale.meet("alice", "bob", instance="one")
    soup = alice.says("soup")
    alice.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_on_an_unknown_instance_one_may_hear_or_not(tale: Tale) -> None:
    tale.declares("sticky")
    alice = tale.joins("alice", instance="one")
    bob, carol = tale.joins("bob"), tale.joins("carol")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(soup, bread)
    carol.hears(carol.says("hello"))

    assert tale.findings() == []


def test_on_an_unknown_instance_one_hears_on_from_a_first_item(tale: Tale) -> None:
    tale.declares("sticky")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, bread)]


def test_on_an_unknown_instance_one_hears_oneself(tale: Tale) -> None:
    tale.declares("sticky")
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(bread)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-2", alice, soup)]


def test_on_an_unknown_instance_with_history_one_hears_on_too(tale: Tale) -> None:
    """A new message shows the receiver's instance."""
    tale.declares("sticky", "history")
    alice, bob = tale.meet("alice", "bob")
    soup, bread, cheese = alice.says("soup"), alice.says("bread"), alice.says("cheese")
    alice.hears(soup, bread, cheese)
    bob.hears(soup, cheese)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, bread)]


@one_judge(OfflineOnly.SHARED_USER)
def test_two_devices_on_unknown_instances_need_not_be_announced(tale: Tale) -> None:
    tale.declares("sticky")
    (alice,) = tale.meet("alice", instance="one")
    tale.joins("bob")
    tale.joins("bob")

    assert (tale.findings(), alice.gone) == ([], False)


def test_members_on_all_pubsub_instances_hear_each_other(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    soup = alice.says("soup")
    alice.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "PUBSUB-3", bob, soup)]


def test_what_one_instance_has_may_be_on_its_way_to_another(tale: Tale) -> None:
    tale.declares("pubsub")
    alice = tale.joins("alice", instance="one")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob", instance="two")
    bob.hears(soup, bread)
    tale.all_hear(bob.joined)

    assert tale.findings() == []


def test_what_was_given_on_the_same_instance_is_replayed(tale: Tale) -> None:
    tale.declares("pubsub")
    alice = tale.joins("alice", instance="one")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob", instance="one")
    bob.hears(soup, bread)
    tale.all_hear(bob.joined)

    assert tale.findings() == [finding(Kind.REPLAYED, "DELIVER-10", bob, soup)]


def test_a_broken_bus_may_swallow_what_is_said_meanwhile(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined, alice.says("soup"))
    outage = tale.breaks("redis")
    bread = alice.says("bread")
    alice.hears(bread)
    outage.is_mended(heal=1)
    tale.passes(2)
    tale.all_hear(alice.says("cheese"))

    assert tale.findings() == []


def test_what_was_said_after_the_time_to_heal_is_due(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    tale.breaks("redis").is_mended(heal=1)
    tale.passes(2)
    cheese = alice.says("cheese")
    alice.hears(cheese)

    assert tale.findings() == [finding(Kind.LOST, "PUBSUB-3", bob, cheese)]


def test_a_hole_that_showed_before_the_bus_broke_is_not_excused(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread)
    tale.breaks("redis").is_mended(heal=1)

    assert tale.findings() == [finding(Kind.LOST, "PUBSUB-3", bob, soup)]


def test_once_the_path_works_again_nothing_is_excused(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    tale.breaks("redis").is_mended(heal=10)
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "PUBSUB-3", bob, bread)]


def test_a_fault_elsewhere_is_no_excuse(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    outage = tale.breaks("killed", "three")
    soup = alice.says("soup")
    alice.hears(soup)
    outage.is_mended(heal=10)

    assert tale.findings() == [finding(Kind.LOST, "PUBSUB-3", bob, soup)]


def test_a_fault_excuses_no_second_copy(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    outage = tale.breaks("redis")
    soup = alice.says("soup")
    tale.all_hear(soup)
    bob.hears(soup)
    outage.is_mended(heal=10)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


@pytest.mark.parametrize("instances", [("one", "two"), (None, None)], ids=["known", "unknown"])
def test_a_killed_instance_drops_its_members_unannounced(tale: Tale, instances: tuple[str | None, str | None]) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance=instances[0]), tale.joins("bob", instance=instances[1])
    tale.all_hear(alice.joined, bob.joined)
    kill = tale.breaks("killed", "two")
    bob.is_closed(None)
    kill.is_mended(heal=5)
    tale.all_hear(alice.says("soup"))

    assert tale.findings() == []


def test_an_instance_that_lives_does_not_drop_its_members(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    kill = tale.breaks("killed", "two")
    alice.is_closed(None)
    bob.hears(alice.left)
    kill.is_mended(heal=5)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", alice)]


def test_while_the_bus_is_broken_a_server_may_say_so(tale: Tale) -> None:
    tale.declares("pubsub")
    alice = tale.joins("alice", instance="one")
    outage = tale.breaks("redis")
    alice.says("soup")
    alice.gets_error()
    outage.is_mended()

    assert [one for one in tale.findings() if one.kind is Kind.UNPROVOKED_ERROR] == []


def test_while_the_bus_is_broken_all_evidence_may_be_missing(tale: Tale) -> None:
    """An echo may be missing, and nothing else shows that its sender is a member."""
    tale.declares("pubsub")
    outage = tale.breaks("redis")
    alice = tale.joins("alice", instance="one")
    alice.says("soup")
    outage.is_mended()

    assert tale.findings() == []


def test_a_loss_on_both_instances_is_not_that_of_the_bus(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, anna = tale.joins("alice", instance="one"), tale.joins("anna", instance="one")
    bob = tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, anna.joined, bob.joined)
    soup = alice.says("soup")
    alice.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", one, soup) for one in (anna, bob)]


def test_a_notice_that_only_the_bus_loses_is_missing_there(tale: Tale) -> None:
    tale.declares("pubsub")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    tale.all_hear(alice.joined, bob.joined)
    carol = tale.joins("carol", instance="one")
    alice.hears(carol.joined)
    carol.hears(carol.joined)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "PUBSUB-4", bob, carol.joined)]

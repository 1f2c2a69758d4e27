"""How far behind a member is that is closed with 1013 (CLOSE-1)."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Tale, finding


@pytest.mark.parametrize("in_hand", [15, 16])
def test_the_last_item_before_it_came_may_be_on_its_way_to_it(tale: Tale, in_hand: int) -> None:
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("bread"), alice.says("butter"))
    bob = tale.joins("bob")
    alice.hears(bob.joined, *[alice.says(f"soup {number}") for number in range(in_hand - 1)])
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == ([] if in_hand > 15 else [finding(Kind.DROPPED, "CLOSE-1", bob)])


def test_what_is_said_on_another_sticky_instance_is_not_in_hand(tale: Tale) -> None:
    tale.declares("sticky")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    alice.hears(alice.joined)
    bob.hears(bob.joined, *[bob.says(f"soup {number}") for number in range(16)])
    alice.is_closed(1013)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", alice)]


@pytest.mark.parametrize("instance", [None, "two"])
@pytest.mark.parametrize("history", [(), ("history",)])
def test_what_came_before_an_item_that_it_got_is_not_in_hand(
    tale: Tale, instance: str | None, history: tuple[str, ...]
) -> None:
    """Nobody on its instance had heard the earlier messages: they can be on their way."""
    tale.declares("pubsub", *history)
    alice = tale.joins("alice", instance="one" if instance else None)
    alice.hears(alice.joined)
    bread = [alice.says(f"bread {number}") for number in range(30)]
    alice.hears(*bread)
    bob = tale.joins("bob", instance=instance)
    if history:
        bob.hears(*bread[20:])
    tale.all_hear(bob.joined, alice.says("soup"))
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", bob)]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param(19, [], id="it is 16 messages behind"),
        pytest.param(18, [(Kind.DROPPED, "CLOSE-1")], id="it is 15 messages behind"),
    ],
)
def test_one_not_yet_known_as_a_member_may_be_too_far_behind(
    tale: Tale, said: int, fault: list[tuple[Kind, str]]
) -> None:
    tale.declares("history")
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("bread"))
    bob = tale.joins("bob")
    messages = [alice.says("soup") for _ in range(said)]
    alice.hears(*messages)
    bob.hears(*messages[:3])
    bob.is_closed(1013)
    alice.hears(bob.joined, bob.left)

    assert [(one.kind, one.rule) for one in tale.findings()] == fault

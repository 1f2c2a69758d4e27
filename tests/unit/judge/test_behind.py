"""How far a member is behind that is closed with 1013 (CLOSE-1): what the server can have in hand for it."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Found, Tale, finding
from tests.unit.judge.talk import Talk


@pytest.mark.parametrize("in_hand", [15, 16])
def test_the_last_item_before_it_came_may_be_on_its_way_to_it(tale: Tale, in_hand: int) -> None:
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("bread"), alice.says("butter"))
    bob = tale.joins("bob")
    alice.hears(bob.joined, *[alice.says(f"soup {number}") for number in range(in_hand - 1)])
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == ([] if in_hand > 15 else [finding(Kind.DROPPED, "CLOSE-1", bob)])


@pytest.mark.parametrize("in_hand", [15, 16])
def test_the_last_item_before_it_came_may_be_on_its_way_to_it_under_load(in_hand: int) -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.hears(alice, talk.says(alice), talk.says(alice))
    bob = talk.joins("bob")
    talk.hears(alice, talk.notice(bob, "joined"), *[talk.says(alice) for _ in range(in_hand - 1)])
    talk.is_closed(bob, 1013)
    talk.hears(alice, talk.notice(bob, "left"))

    assert talk.findings() == ([] if in_hand > 15 else [Found(Kind.DROPPED, "CLOSE-1", bob.number, None, None)])


def test_what_is_said_on_another_sticky_instance_is_not_in_hand(tale: Tale) -> None:
    tale.declares("sticky")
    alice, bob = tale.joins("alice", instance="one"), tale.joins("bob", instance="two")
    alice.hears(alice.joined)
    bob.hears(bob.joined, *[bob.says(f"soup {number}") for number in range(16)])
    alice.is_closed(1013)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", alice)]


def test_what_is_said_on_another_sticky_instance_is_not_in_hand_under_load() -> None:
    talk = Talk(("sticky",))
    alice, bob = talk.joins("alice", "one"), talk.joins("bob", "two")
    talk.hears(alice, talk.notice(alice, "joined"))
    talk.hears(bob, talk.notice(bob, "joined"), *[talk.says(bob) for _ in range(16)])
    talk.is_closed(alice, 1013)

    assert talk.findings() == [Found(Kind.DROPPED, "CLOSE-1", alice.number, None, None)]


@pytest.mark.parametrize("instance", [None, "two"])
def test_what_came_before_an_item_that_it_got_is_not_in_hand(tale: Tale, instance: str | None) -> None:
    """Nobody on its instance had heard what was said before it came: nothing else tells that it is past."""
    tale.declares("pubsub")
    alice = tale.joins("alice", instance="one" if instance else None)
    alice.hears(alice.joined, *[alice.says(f"bread {number}") for number in range(30)])
    bob = tale.joins("bob", instance=instance)
    tale.all_hear(bob.joined, alice.says("soup"))
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", bob)]


@pytest.mark.parametrize("instance", [None, "two"])
@pytest.mark.parametrize("history", [(), ("history",)])
def test_what_came_before_an_item_that_it_got_is_not_in_hand_under_load(
    instance: str | None, history: tuple[str, ...]
) -> None:
    talk = Talk(("pubsub", *history))
    alice = talk.joins("alice", "one" if instance else None)
    talk.hears(alice, talk.notice(alice, "joined"))
    bread = [talk.says(alice) for _ in range(30)]
    talk.hears(alice, *bread)
    bob = talk.joins("bob", instance)
    if history:
        talk.hears(bob, *bread[20:])
    talk.all_hear([alice, bob], talk.notice(bob, "joined"), talk.says(alice))
    talk.is_closed(bob, 1013)
    talk.hears(alice, talk.notice(bob, "left"))

    assert talk.findings() == [Found(Kind.DROPPED, "CLOSE-1", bob.number, None, None)]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param(19, [], id="it is 16 messages behind"),
        pytest.param(18, [(Kind.DROPPED, "CLOSE-1")], id="it is 15 messages behind"),
    ],
)
def test_who_is_not_yet_known_to_be_a_member_may_be_too_far_behind(said: int, fault: list[tuple[Kind, str]]) -> None:
    talk = Talk(("history",))
    (alice,) = talk.meet("alice")
    talk.hears(alice, talk.says(alice))
    bob = talk.joins("bob")
    messages = [talk.says(alice) for _ in range(said)]
    talk.hears(alice, *messages)
    talk.hears(bob, *messages[:3])
    talk.is_closed(bob, 1013)
    talk.hears(alice, talk.notice(bob, "joined"), talk.notice(bob, "left"))

    assert [(one.kind, one.rule) for one in talk.findings()] == fault

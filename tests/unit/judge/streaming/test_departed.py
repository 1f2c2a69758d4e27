"""The streaming form: what comes of those who leave, or who left long ago, and time that stands still."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import MILLISECOND, Found, stamp
from tests.unit.judge.talk import DEADLINE, Talk


def test_what_is_said_again_of_one_long_gone_is_misplaced() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.all_hear([alice, bob], soup)
    left = talk.leaves(bob)
    talk.hears(alice, left)
    talk.passes(2 * DEADLINE // MILLISECOND)
    talk.hears(alice, soup, left)

    misplaced = Found(Kind.MISPLACED, "LEAVE-3", alice.number, bob.number, None)
    assert talk.findings() == [misplaced, misplaced]


def test_what_is_said_to_a_newcomer_of_one_long_gone_is_replayed() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.all_hear([alice, bob], soup)
    talk.hears(alice, talk.leaves(bob))
    talk.passes(2 * DEADLINE // MILLISECOND)
    (carol,) = talk.meet("carol")
    talk.hears(alice, talk.notice(carol, "joined"))
    talk.hears(carol, soup)

    assert talk.findings() == [Found(Kind.REPLAYED, "DELIVER-10", carol.number, bob.number, None)]


def test_a_leave_that_nobody_had_heard_of_is_late_and_not_replayed() -> None:
    """Those who stay miss it; here nobody stayed."""
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    left = talk.leaves(bob)
    talk.leaves(alice)
    talk.passes(2 * DEADLINE // MILLISECOND)
    (carol,) = talk.meet("carol")
    talk.hears(carol, left)

    assert talk.findings() == []


@pytest.mark.parametrize("is_answered", [True, False], ids=["it died at once", "its handshake was never answered"])
def test_one_of_whom_nobody_had_heard_may_be_announced_late(is_answered: bool) -> None:
    """The server itself may hear of it late, from a long queue."""
    talk = Talk()
    (alice,) = talk.meet("alice")
    carol = talk.joins("carol") if is_answered else talk.opens("carol")
    if is_answered:
        talk.dies(carol)
    else:
        talk.refuses(carol, None)
    talk.passes(DEADLINE // MILLISECOND + 1)
    bob = talk.joins("bob")
    talk.all_hear([alice, bob], talk.notice(bob, "joined"), talk.notice(carol, "joined"), talk.notice(carol, "left"))

    assert talk.findings() == []


def test_the_leave_of_one_whose_handshake_was_never_answered_is_called_so() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    carol = talk.opens("carol")
    talk.refuses(carol, None)
    left = talk.notice(carol, "left")
    talk.hears(alice, talk.notice(carol, "joined"), left, left)

    assert [one.text for one in talk.tally().findings] == ["the leave notice of 'carol' arrived again"]


def test_one_who_is_leaving_may_still_hear_of_one_long_gone() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.begins_to_close(alice)
    left = talk.leaves(bob)
    talk.passes(2 * DEADLINE // MILLISECOND)
    talk.hears(alice, soup, left)
    talk.is_closed(alice, 1000)

    assert talk.findings() == []


@pytest.mark.parametrize(("seconds", "is_frozen"), [(1.5, False), (2.5, True)])
def test_time_stands_still_where_two_seconds_do_not_pass(seconds: float, is_frozen: bool) -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    stamped = stamp(talk.clock)
    first = talk.says(alice, timestamp=stamped)
    talk.hears(alice, first)
    talk.clock += round(seconds * 1_000) * MILLISECOND
    content = talk.room.compose(alice, "bread", talk.tick(), talk.clock)
    talk.hears(alice, talk.frame(type="message", content=content, sender_id="alice", timestamp=stamped))

    frozen = Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, alice.number, 2)
    assert talk.findings() == ([frozen] if is_frozen else [])


def test_who_leaves_may_hear_its_own_notices() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.all_hear([alice, bob], talk.says(alice))
    talk.begins_to_close(alice)
    talk.all_hear([alice, bob], talk.notice(alice, "left"))
    talk.is_closed(alice, 1000)

    assert talk.findings() == []


def test_who_leaves_hears_its_own_leave_once() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.begins_to_close(alice)
    left = talk.notice(alice, "left")
    talk.all_hear([alice, bob], left)
    talk.hears(alice, left)
    talk.is_closed(alice, 1000)

    assert [one.kind for one in talk.findings()] == [Kind.DOUBLED_NOTICE]

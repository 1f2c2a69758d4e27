"""Correct histories that shortcuts of the oracle would accuse (docs/oracle.md)."""

from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale


def test_what_was_said_before_one_came_may_be_told_after(tale: Tale) -> None:
    """Not replayed, although sent before the receiver opened and had evidence."""
    (alice,) = tale.meet("alice")
    soup = alice.says("soup")
    bob = tale.joins("bob")
    alice.hears(soup, bob.joined)
    bob.hears(soup)

    assert tale.findings() == []


def test_a_leaver_is_not_owed_what_was_said_before_it_left(tale: Tale) -> None:
    """Not lost: a member is not owed everything until it closes."""
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    left = bob.leaves()
    alice.hears(soup, left)

    assert tale.findings() == []


def test_a_leaver_is_not_owed_what_others_heard_before_it_left(tale: Tale) -> None:
    """Not lost: acknowledged before the receiver closes is not owed either."""
    alice, bob = tale.meet("alice", "bob")
    alice.hears(alice.says("soup"))
    tale.passes(1)
    alice.hears(bob.leaves())

    assert tale.findings() == []


def test_members_may_hear_speakers_in_different_orders(tale: Tale) -> None:
    """Not reordered: the first receiver's log is no measure."""
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread, more_soup = alice.says("soup"), bob.says("bread"), alice.says("more soup")
    alice.hears(soup, bread, more_soup)
    bob.hears(bread, soup, more_soup)
    carol.hears(soup, more_soup, bread)

    assert tale.findings() == []


def test_membership_may_begin_after_the_answer_to_the_handshake(tale: Tale) -> None:
    """Not lost: membership does not begin with the 101."""
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    alice.hears(alice.says("soup"), bob.joined)
    tale.all_hear(alice.says("bread"))

    assert tale.findings() == []


def test_what_another_instance_has_may_be_on_its_way_here(tale: Tale) -> None:
    """Not replayed: earlier receipts elsewhere say nothing about this instance."""
    tale.declares("pubsub")
    alice = tale.joins("alice", instance="one")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    tale.passes(1)
    bob = tale.joins("bob", instance="two")
    bob.hears(soup, bread)
    alice.hears(bob.joined)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_a_pong_or_an_error_may_come_before_membership(tale: Tale) -> None:
    """Not lost: direct frames are no evidence of membership."""
    tale.declares("ping")
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    bob.sends('{"type": "ping"}')
    bob.receives('{"type": "pong", "timestamp": "2025-12-23T22:12:57"}')
    bob.sends("soup?")
    bob.gets_error()
    alice.hears(alice.says("soup"), bob.joined)

    assert tale.findings() == []

"""Items of members that leave, or that left long ago."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Tale, finding


def test_a_leave_that_nobody_had_heard_of_is_not_replayed(tale: Tale) -> None:
    """It is late. Those who stay miss it; here nobody stayed."""
    alice, bob = tale.meet("alice", "bob")
    left = bob.leaves()
    alice.leaves()
    tale.passes(10)
    (carol,) = tale.meet("carol")
    carol.hears(left)

    assert tale.findings() == []


@pytest.mark.parametrize("is_answered", [True, False], ids=["it died at once", "its handshake was never answered"])
def test_one_of_whom_nobody_had_heard_may_be_announced_late(tale: Tale, is_answered: bool) -> None:
    """The server itself may hear of it late, from a long queue."""
    (alice,) = tale.meet("alice")
    carol = tale.joins("carol") if is_answered else tale.opens("carol")
    if is_answered:
        carol.dies()
    else:
        carol.is_refused(None)
    tale.passes(5.001)
    bob = tale.joins("bob")
    told = bob.joined, carol.joined, carol.left
    alice.hears(*told)
    bob.hears(*told)

    assert tale.findings() == []


def test_the_leave_of_one_whose_handshake_failed_is_called_so(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    carol = tale.opens("carol")
    carol.is_refused(None)
    alice.hears(carol.joined, carol.left, carol.left)

    assert [one.text for one in tale.evidence()] == ["the leave notice of 'carol' arrived again"]


def test_one_who_is_leaving_may_still_hear_of_one_long_gone(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    alice.begins_to_close()
    left = bob.leaves()
    tale.passes(10)
    alice.hears(soup, left)
    alice.is_closed(1000)

    assert tale.findings() == []


def test_one_who_reads_on_after_long_finds_what_was_said(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    alice.stops_reading()
    soup = bob.says("soup")
    left = bob.leaves()
    tale.passes(50)
    alice.reads_again()
    alice.hears(soup, left)

    assert tale.findings() == []


def test_a_server_that_goes_on_delivering_has_lost_nothing(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    told = [bob.says("soup") for _ in range(8)]
    for one in (*told, bob.leaves()):
        tale.passes(4.5)
        alice.hears(one)

    assert tale.findings() == []


def test_what_is_missing_is_lost_whoever_comes_and_goes(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    left = bob.leaves()
    for number in range(4):
        (guest,) = tale.meet(f"guest {number}")
        tale.all_hear(guest.says("soup"))
        tale.passes(4.5)
        alice.hears(guest.leaves())
        tale.passes(4.5)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-1", alice, left)]


def test_who_leaves_may_hear_its_own_notices(tale: Tale) -> None:
    alice, _bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"))
    alice.begins_to_close()
    tale.all_hear(alice.left)
    alice.is_closed(1000)

    assert tale.findings() == []


def test_who_leaves_hears_its_own_leave_once(tale: Tale) -> None:
    alice, _bob = tale.meet("alice", "bob")
    alice.begins_to_close()
    left = alice.left
    tale.all_hear(left)
    alice.hears(left)
    alice.is_closed(1000)

    assert [one.kind for one in tale.findings()] == [Kind.DOUBLED_NOTICE]

"""Notices that are missing, doubled or misplaced, and histories that only look so."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Tale, finding


def test_a_join_of_which_one_member_never_hears_is_missing(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    carol = tale.joins("carol")
    bob.hears(carol.joined)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "JOIN-1", alice, carol.joined)]


def test_the_joiner_need_not_hear_its_own_notice(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    alice.hears(bob.joined)

    assert tale.findings() == []


def test_a_leave_of_which_one_member_never_hears_is_missing(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    alice.hears(carol.leaves())

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-1", bob, carol.left)]


def test_a_death_of_which_one_member_never_hears_is_missing(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    alice.hears(carol.dies("fin"))

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-2", bob, carol.left)]


def test_the_leave_of_a_member_that_the_server_closed_is_due(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    carol.is_closed(1001)
    alice.hears(carol.left)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-1", bob, carol.left)]


def test_one_who_dies_at_once_need_not_have_become_a_member(tale: Tale) -> None:
    tale.meet("alice")
    tale.joins("bob").dies()

    assert tale.findings() == []


def test_one_who_dies_at_once_is_announced_to_all_or_nobody(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    carol = tale.joins("carol")
    carol.dies()
    alice.hears(carol.joined, carol.left)

    assert tale.findings() == [
        finding(Kind.MISSING_NOTICE, "JOIN-1", bob, carol.joined),
        finding(Kind.MISSING_NOTICE, "LEAVE-2", bob, carol.left),
    ]


@pytest.mark.parametrize("says", ["joined", "left"])
def test_a_second_notice_is_doubled(tale: Tale, says: str) -> None:
    alice, bob = tale.meet("alice", "bob")
    notice = bob.joined
    if says == "left":
        notice = bob.leaves()
        alice.hears(notice)
    alice.hears(notice)

    rule = "JOIN-1" if says == "joined" else "LEAVE-1"
    assert tale.findings() == [finding(Kind.DOUBLED_NOTICE, rule, alice, notice)]


def test_a_join_after_a_message_of_the_joiner_is_reordered(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    joined, soup = bob.joined, bob.says("soup")
    bob.hears(soup)
    alice.hears(soup, joined)

    assert tale.findings() == [finding(Kind.REORDERED, "JOIN-4", alice, joined)]


def test_a_message_after_the_leave_of_its_speaker_is_misplaced(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    left = bob.leaves()
    alice.hears(left, soup)

    assert tale.findings() == [finding(Kind.MISPLACED, "LEAVE-3", alice, soup)]


def test_the_leave_of_one_given_up_is_not_due_to_later_comers(tale: Tale) -> None:
    slow = tale.joins("slow")
    slow.hears(slow.joined)
    slow.stops_reading()
    (bob,) = tale.meet("bob")
    slow.says("am I still here?")
    slow.reads_again()
    slow.is_closed(1013)

    assert (tale.findings(), bob.gone) == ([], False)


def test_the_death_of_one_who_read_all_along_is_announced(tale: Tale) -> None:
    alice = tale.joins("alice")
    (bob,) = tale.meet("bob")
    left = alice.dies("fin")

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-2", bob, left)]


def test_a_slow_reader_may_have_been_noticed_dead_before(tale: Tale) -> None:
    slow = tale.joins("slow")
    slow.stops_reading()
    (bob,) = tale.meet("bob")
    slow.dies()

    assert (tale.findings(), bob.gone) == ([], False)


def test_a_second_leave_of_a_failed_handshake_is_doubled(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    ghost = tale.opens("ghost")
    ghost.is_refused(None)
    alice.hears(ghost.joined, ghost.left, ghost.left)

    assert tale.findings() == [finding(Kind.DOUBLED_NOTICE, "LEAVE-1", alice, ghost.left)]

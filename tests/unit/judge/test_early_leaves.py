"""Leave notices that arrive before the client knows of the end."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding, stamp


def test_what_comes_after_an_early_leave_is_misplaced(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    alice.hears(bob.left, soup)
    bob.hears(soup)
    bob.is_closed(1001)

    assert tale.findings() == [finding(Kind.MISPLACED, "LEAVE-3", alice, soup)]


def test_last_words_after_an_early_leave_are_misplaced(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bread, soup = bob.says("bread"), bob.says("soup")
    bob.hears(bread, soup)
    alice.hears(bread, bob.left, soup)
    bob.is_closed(1001)

    assert tale.findings() == [finding(Kind.MISPLACED, "LEAVE-3", alice, soup)]


def test_a_newcomer_may_hear_an_early_leave_and_nothing_after(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    bob.hears(soup)
    carol = tale.joins("carol")
    carol.hears(bob.left, soup)
    alice.hears(soup, carol.joined, bob.left)
    bob.is_closed(1001)

    assert tale.findings() == [finding(Kind.MISPLACED, "LEAVE-3", carol, soup)]


def test_who_came_after_a_leave_was_heard_is_not_owed_it(tale: Tale) -> None:
    """The server had closed the subject, which died before it read the Close frame."""
    alice, carol = tale.meet("alice", "carol")
    carol.hears(alice.left)
    bob = tale.joins("bob")
    carol.hears(bob.joined)
    bob.hears(bob.joined)
    alice.dies()

    assert tale.findings() == []


def test_who_was_there_when_a_leave_was_heard_is_owed_it(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    carol.hears(alice.left)
    alice.dies()

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-2", bob, alice.left)]


def test_one_who_is_gone_is_owed_nothing_after_an_early_leave(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(bob.says("soup"))
    alice.hears(bob.left)
    for _ in range(3):
        bob.says("is anybody there?")
    alice.dies()
    bob.is_closed(1001)

    assert tale.findings() == []


def test_one_who_is_gone_did_not_get_what_nobody_got(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    alice.hears(bob.left, bob.left)
    bob.says("is anybody there?")
    alice.dies()
    bob.is_closed(1001)

    assert [one.kind for one in tale.findings()] == [Kind.DOUBLED_NOTICE]


@pytest.mark.parametrize("is_closed", [True, False], ids=["it closes meanwhile", "it dies meanwhile"])
def test_a_leave_in_whole_seconds_may_come_long_after_the_end(tale: Tale, is_closed: bool) -> None:
    """The server closed its subject long before the client knew of that."""
    alice, bob = tale.meet("alice", "bob")
    stamped, soup = stamp(tale.clock), bob.says("soup")
    alice.hears(soup, timestamp=stamped)
    bob.hears(soup, timestamp=stamped)
    tale.passes(2.5)
    if is_closed:
        bob.begins_to_close()
    else:
        bob.dies()
    alice.hears(bob.left, timestamp=stamped)
    if is_closed:
        bob.is_closed(1001)

    assert tale.findings() == []


def test_who_came_after_an_unseen_close_is_not_owed_the_leave(tale: Tale) -> None:
    """It died before it read the Close."""
    (bob,) = tale.meet("bob")
    carol = tale.joins("carol")
    carol.hears(carol.joined)
    bob.dies()

    assert tale.findings() == []


def test_who_came_when_a_leave_was_on_its_way_is_not_owed_it(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    carol = tale.joins("carol")
    carol.hears(carol.joined)
    alice.hears(bob.left, carol.joined)
    bob.dies()

    assert tale.findings() == []


@one_judge(OfflineOnly.SHARED_USER)
def test_who_came_after_a_device_closed_is_not_owed_its_leave(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    phone = tale.joins("bob")
    tale.all_hear(phone.joined, phone.says("I am here"))
    laptop = tale.joins("bob")
    tale.all_hear(laptop.joined)
    alice.hears(phone.left)
    laptop.hears(phone.left)
    carol = tale.joins("carol")
    for one in (alice, laptop, carol):
        one.hears(carol.joined)
    phone.dies()

    assert tale.findings() == []

"""A leave notice may come before its subject's client knows of an end; it is the end of that stream all the same."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, Found, Tale, finding, stamp
from tests.unit.judge.talk import Talk


def test_what_comes_after_an_early_leave_is_misplaced(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    alice.hears(bob.left, soup)
    bob.hears(soup)
    bob.is_closed(1001)

    assert tale.findings() == [finding(Kind.MISPLACED, "LEAVE-3", alice, soup)]


def test_what_comes_after_an_early_leave_is_misplaced_under_load() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    bread, soup = talk.says(bob), talk.says(bob)
    talk.hears(bob, bread, soup)
    talk.hears(alice, bread, talk.notice(bob, "left"), soup)
    talk.is_closed(bob, 1001)

    assert talk.findings() == [Found(Kind.MISPLACED, "LEAVE-3", alice.number, bob.number, 2)]


def test_a_newcomer_may_hear_of_an_early_leave_first_and_of_nothing_after_it_under_load() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.hears(bob, soup)
    carol = talk.joins("carol")
    talk.hears(carol, talk.notice(bob, "left"), soup)
    talk.hears(alice, soup, talk.notice(carol, "joined"), talk.notice(bob, "left"))
    talk.is_closed(bob, 1001)

    assert talk.findings() == [Found(Kind.MISPLACED, "LEAVE-3", carol.number, bob.number, 1)]


def test_who_came_after_a_leave_was_heard_is_not_owed_it_whatever_its_subject_did_later(tale: Tale) -> None:
    """The server had closed it, and it died before it read that."""
    alice, carol = tale.meet("alice", "carol")
    carol.hears(alice.left)
    bob = tale.joins("bob")
    carol.hears(bob.joined)
    bob.hears(bob.joined)
    alice.dies()

    assert tale.findings() == []


def test_who_came_after_a_leave_was_heard_is_not_owed_it_under_load() -> None:
    talk = Talk()
    alice, carol = talk.meet("alice", "carol")
    talk.hears(carol, talk.notice(alice, "left"))
    bob = talk.joins("bob")
    talk.all_hear([carol, bob], talk.notice(bob, "joined"))
    talk.dies(alice)

    assert talk.findings() == []


def test_who_was_there_when_a_leave_was_heard_is_owed_it_under_load() -> None:
    talk = Talk()
    alice, bob, carol = talk.meet("alice", "bob", "carol")
    talk.hears(carol, talk.notice(alice, "left"))
    talk.dies(alice)

    assert talk.findings() == [Found(Kind.MISSING_NOTICE, "LEAVE-2", bob.number, alice.number, 1)]


def test_one_who_is_gone_is_owed_nothing_after_the_leave_that_it_heard() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.all_hear([alice, bob], talk.says(bob))
    talk.hears(alice, talk.notice(bob, "left"))
    for _ in range(3):
        talk.says(bob)
    talk.dies(alice)
    talk.is_closed(bob, 1001)

    assert talk.findings() == []


def test_one_who_is_gone_is_not_said_to_have_got_what_nobody_got() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    left = talk.notice(bob, "left")
    talk.hears(alice, left, left)
    talk.says(bob)
    talk.dies(alice)
    talk.is_closed(bob, 1001)

    assert [one.kind for one in talk.findings()] == [Kind.DOUBLED_NOTICE]


def test_a_leave_in_whole_seconds_may_come_long_after_the_server_closed_its_subject(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    stamped, soup = stamp(tale.clock), bob.says("soup")
    alice.hears(soup, timestamp=stamped)
    bob.hears(soup, timestamp=stamped)
    tale.passes(2.5)
    bob.dies()
    alice.hears(bob.left, timestamp=stamped)

    assert tale.findings() == []


@pytest.mark.parametrize("is_closed", [True, False], ids=["it closes meanwhile", "it dies meanwhile"])
def test_a_leave_in_whole_seconds_may_come_long_after_the_server_closed_its_subject_under_load(is_closed: bool) -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    stamped = stamp(talk.clock)
    talk.all_hear([alice, bob], talk.says(bob, timestamp=stamped))
    talk.clock += 2_500 * MILLISECOND
    if is_closed:
        talk.begins_to_close(bob)
    else:
        talk.dies(bob)
    talk.hears(alice, talk.frame(type="system", content="bob left the chat", timestamp=stamped))
    if is_closed:
        talk.is_closed(bob, 1001)

    assert talk.findings() == []


def test_who_came_after_one_was_closed_that_nobody_watched_is_not_owed_its_leave(tale: Tale) -> None:
    """It died before it read the Close."""
    (bob,) = tale.meet("bob")
    carol = tale.joins("carol")
    carol.hears(carol.joined)
    bob.dies()

    assert tale.findings() == []


def test_who_came_after_one_was_closed_that_nobody_watched_is_not_owed_its_leave_under_load() -> None:
    talk = Talk()
    (bob,) = talk.meet("bob")
    carol = talk.joins("carol")
    talk.hears(carol, talk.notice(carol, "joined"))
    talk.dies(bob)

    assert talk.findings() == []


def test_who_came_when_a_leave_was_on_its_way_is_not_owed_it_under_load() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    carol = talk.joins("carol")
    talk.hears(carol, talk.notice(carol, "joined"))
    talk.hears(alice, talk.notice(bob, "left"), talk.notice(carol, "joined"))
    talk.dies(bob)

    assert talk.findings() == []


@one_judge(OfflineOnly.SHARED_USER)
def test_who_came_after_a_device_was_closed_is_not_owed_its_leave(tale: Tale) -> None:
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

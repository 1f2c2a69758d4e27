"""Nothing is due that a service lacks, and all else is."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, altered, finding
from tests.unit.judge.talk import Talk


def test_nobody_misses_an_echo_that_there_is_not(tale: Tale) -> None:
    tale.lacks("echo")
    alice, bob = tale.meet("alice", "bob")
    bob.hears(alice.says("soup"), alice.says("bread"))

    assert tale.findings() == []


def test_without_an_echo_a_loss_is_that_of_the_others(tale: Tale) -> None:
    tale.lacks("echo")
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread = alice.says("soup"), alice.says("bread")
    bob.hears(soup, bread)
    carol.hears(bread)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", carol, soup)]


def test_without_an_echo_nobody_alone_is_blamed_on_the_server(tale: Tale) -> None:
    tale.lacks("echo", "notices")
    bob = tale.joins("bob")
    bob.says("hello?")

    assert tale.findings() == []


@pytest.mark.parametrize(("seconds", "is_late"), [(4, False), (6, True)])
def test_one_who_hears_nothing_of_others_never_joined(tale: Tale, seconds: float, is_late: bool) -> None:
    """Without an echo, nothing else shows it."""
    tale.lacks("echo", "notices")
    alice, bob, carol = tale.joins("alice"), tale.joins("bob"), tale.joins("carol")
    alice.hears(bob.says("soup"))
    tale.passes(seconds)
    bob.hears(alice.says("bread"))

    assert tale.findings() == ([finding(Kind.NEVER_JOINED, "JOIN-2", carol)] if is_late else [])


def test_what_others_say_is_evidence(tale: Tale) -> None:
    tale.lacks("echo", "notices")
    alice, bob = tale.joins("alice"), tale.joins("bob")
    bob.hears(alice.says("soup"))
    bread = alice.says("bread")

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, bread)]


def test_nobody_misses_notices_that_there_are_not(tale: Tale) -> None:
    tale.lacks("notices")
    alice, bob = tale.joins("alice"), tale.joins("bob")
    soup = alice.says("soup")
    for one in (alice, bob):
        one.hears(soup)
    carol = tale.joins("carol")
    cake = carol.says("cake")
    for one in (alice, bob, carol):
        one.hears(cake)
    carol.leaves()
    bob.dies()

    assert tale.findings() == []


def test_notices_that_nobody_counts_on_do_no_harm(tale: Tale) -> None:
    tale.lacks("notices")
    alice, bob = tale.joins("alice"), tale.joins("bob")
    alice.hears(bob.joined, bob.joined, bob.left)

    assert tale.findings() == []


def test_without_notices_the_first_message_is_due(tale: Tale) -> None:
    tale.lacks("notices")
    alice = tale.joins("alice")
    alice.hears(alice.says("soup"))
    bob = tale.joins("bob")
    first, second = bob.says("bread"), bob.says("cake")
    bob.hears(first, second)
    alice.hears(second)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", alice, first)]


@pytest.mark.parametrize("need", ["sender", "timestamps"])
def test_a_field_that_there_is_not_is_not_compared(tale: Tale, need: str) -> None:
    tale.lacks(need)
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    for one in (alice, bob):
        one.hears(soup, without={"sender": "sender_id", "timestamps": "timestamp"}[need])

    assert tale.findings() == []


def test_an_altered_message_needs_no_sender_to_be_known(tale: Tale) -> None:
    tale.lacks("sender")
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread, without="sender_id")
    bob.hears(soup, without="sender_id", content=altered(soup))
    bob.hears(bread, without="sender_id")

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, soup)]


@one_judge(StreamingOnly.SETTLING)
@pytest.mark.parametrize("is_copy", [True, False])
def test_without_notices_only_a_copy_of_the_departed_is_one(talk: Talk, is_copy: bool) -> None:
    """Nothing says that no more comes of somebody whose link died: it may be late."""
    talk.lacks("notices")
    alice = talk.joins("alice")
    talk.hears(alice, talk.says(alice))
    bob = talk.joins("bob")
    soup, bread = talk.says(bob), talk.says(bob, "bread")
    talk.hears(alice, soup)
    talk.dies(bob)
    talk.passes(20_000)
    talk.hears(alice, soup if is_copy else bread)

    assert [one.rule for one in talk.findings()] == (["DELIVER-3"] if is_copy else [])


@one_judge(StreamingOnly.MEANWHILE)
def test_without_an_echo_nobody_waits_for_it(talk: Talk) -> None:
    talk.lacks("echo")
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(alice)
    sent = talk.room.sent_counts()
    before = [talk.room.has_received_all(one, sent) for one in (alice, bob)]
    lacking = [one.receiver for ones in talk.room.outstanding() for one in ones]
    talk.hears(bob, soup)

    assert before == [True, False]
    assert lacking == [bob]
    assert talk.room.has_received_all(bob, sent)
    assert talk.room.is_settled()

"""Earlier messages from a server with `history` do not mislead the judges."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Actor, Tale, Told, finding

WHEN = pytest.mark.parametrize(
    "is_known", [True, False], ids=["once it is a member", "before it is known to be a member"]
)


@pytest.fixture(autouse=True)
def has_history(tale: Tale) -> None:
    """The server of all these histories declares the capability."""
    tale.declares("history")


def comes_after_a_word(tale: Tale) -> tuple[Actor, Told, Actor]:
    """Let a newcomer in after a message: return the sender, the message, the newcomer."""
    (alice,) = tale.meet("alice")
    soup = alice.says("soup")
    alice.hears(soup)
    return alice, soup, tale.joins("bob")


def is_told(newcomer: Actor, *told: Told, members: list[Actor], is_known: bool) -> None:
    """Let a newcomer hear items before or after the members hear that it has joined."""
    joined = newcomer.joined
    if not is_known:
        newcomer.hears(*told)
    for one in members:
        one.hears(joined)
    if is_known:
        newcomer.hears(*told)


@WHEN
def test_messages_may_be_told_again_to_whoever_comes(tale: Tale, is_known: bool) -> None:
    alice, carol = tale.meet("alice", "carol")
    said = [one.says("soup") for one in (alice, carol, alice, alice)]
    tale.all_hear(*said)
    bob = tale.joins("bob")
    is_told(bob, said[1], said[3], members=[alice, carol], is_known=is_known)
    tale.all_hear(*[one.says("bread") for one in (alice, bob, carol)])

    assert tale.findings() == []


def test_what_is_told_again_shows_no_membership(tale: Tale) -> None:
    """A message sent between the history and the join is not due."""
    alice, soup, bob = comes_after_a_word(tale)
    bob.hears(soup)
    alice.hears(alice.says("bread"), bob.joined)
    tale.all_hear(alice.says("cheese"))

    assert tale.findings() == []


def test_what_is_said_once_it_is_a_member_is_due(tale: Tale) -> None:
    alice, soup, bob = comes_after_a_word(tale)
    bob.hears(soup)
    alice.hears(bob.joined)
    bread = alice.says("bread")
    alice.hears(bread)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, bread)]


@WHEN
def test_nothing_is_told_twice(tale: Tale, is_known: bool) -> None:
    alice, soup, bob = comes_after_a_word(tale)
    is_told(bob, soup, soup, members=[alice], is_known=is_known)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


@WHEN
def test_what_is_told_of_a_speaker_is_in_order(tale: Tale, is_known: bool) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob")
    is_told(bob, bread, soup, members=[alice], is_known=is_known)

    assert tale.findings() == [finding(Kind.REORDERED, "ORDER-1", bob, soup)]


def test_history_comes_before_what_is_said_now(tale: Tale) -> None:
    alice, soup, bob = comes_after_a_word(tale)
    alice.hears(bob.joined)
    tale.all_hear(alice.says("bread"))
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.REORDERED, "ORDER-1", bob, soup)]


@WHEN
def test_notices_are_not_told_again(tale: Tale, is_known: bool) -> None:
    alice = tale.joins("alice")
    joined = alice.joined
    alice.hears(joined, alice.says("soup"))
    bob = tale.joins("bob")
    is_told(bob, joined, members=[alice], is_known=is_known)

    assert tale.findings() == [finding(Kind.REPLAYED, "DELIVER-10", bob, joined)]


def left_long_ago(tale: Tale) -> tuple[Actor, Told]:
    """Let a sender leave and be forgotten: return a remaining member and the message."""
    alice, carol = tale.meet("alice", "carol")
    soup = carol.says("soup")
    tale.all_hear(soup)
    alice.hears(carol.leaves())
    tale.passes(10)
    return alice, soup


def test_messages_of_one_long_gone_may_be_told_again(tale: Tale) -> None:
    alice, soup = left_long_ago(tale)
    bob = tale.joins("bob")
    bob.hears(soup)
    alice.hears(bob.joined)

    assert tale.findings() == []


def test_the_leave_of_one_who_left_meanwhile_may_come_early(tale: Tale) -> None:
    """It comes before the newcomer is known to be a member."""
    alice, carol = tale.meet("alice", "carol")
    bob = tale.joins("bob")
    left = carol.leaves()
    bob.hears(left)
    alice.hears(left, bob.joined)

    assert tale.findings() == []


def test_a_newcomer_that_is_gone_may_have_heard_an_early_leave(tale: Tale) -> None:
    """It is gone before it is known to be a member."""
    alice, carol = tale.meet("alice", "carol")
    bob = tale.joins("bob")
    bob.hears(carol.left)
    bob.is_closed(1001)
    carol.is_closed(1001)
    alice.hears(carol.left, bob.joined, bob.left)

    assert tale.findings() == []


def test_one_who_only_listens_is_told_each_message_once(tale: Tale) -> None:
    """Nobody hears the first one join, and it is silent: nothing shows its membership."""
    alice, bob = tale.joins("alice"), tale.joins("bob")
    alice.hears(bob.joined)
    said = [bob.says("soup") for _ in range(20)]
    tale.all_hear(*said)
    alice.hears(said[0], said[10])

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", alice, said[item]) for item in (0, 10)]


def test_a_copy_of_what_was_told_late_is_a_copy(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob")
    bob.hears(bread, soup, soup)
    alice.hears(bob.joined)

    late, copy = finding(Kind.REORDERED, "ORDER-1", bob, soup), finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)
    assert sorted(tale.findings()) == sorted([late, copy])


@pytest.mark.parametrize("code", [1008, 4004])
def test_who_was_told_something_was_let_in(tale: Tale, code: int) -> None:
    _, soup, bob = comes_after_a_word(tale)
    bob.hears(soup)
    bob.is_closed(code)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", bob)]


def test_who_was_told_of_one_since_forgotten_was_let_in(tale: Tale) -> None:
    alice, carol = tale.meet("alice", "carol")
    soup = carol.says("soup")
    tale.all_hear(soup)
    bob = tale.joins("bob")
    bob.hears(soup)
    alice.hears(carol.leaves())
    tale.passes(10)
    bob.is_closed(1008)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", bob)]

"""A server with `history` tells whoever comes what was said before, and the streaming form is not misled by it."""

import pickle

import pytest

from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from tests.unit.judge.tale import MILLISECOND, Found
from tests.unit.judge.talk import DEADLINE, Talk

WHEN = pytest.mark.parametrize(
    "is_known", [True, False], ids=["once it is a member", "before it is known to be a member"]
)


@pytest.fixture
def talk() -> Talk:
    return Talk(("history",))


def comes_after_a_word(talk: Talk) -> tuple[StreamingConnection, bytes, StreamingConnection]:
    """Somebody is there and has said something when a newcomer is let in: who, what and the newcomer."""
    (alice,) = talk.meet("alice")
    soup = talk.says(alice)
    talk.hears(alice, soup)
    return alice, soup, talk.joins("bob")


def is_told(
    talk: Talk, newcomer: StreamingConnection, *frames: bytes, members: list[StreamingConnection], is_known: bool
) -> None:
    """A newcomer hears something before, or after, the members hear that it has joined."""
    joined = talk.notice(newcomer, "joined")
    if is_known:
        talk.all_hear(members, joined)
    talk.hears(newcomer, *frames)
    if not is_known:
        talk.all_hear(members, joined)


@WHEN
def test_messages_may_be_told_again_to_whoever_comes(talk: Talk, is_known: bool) -> None:
    alice, carol = talk.meet("alice", "carol")
    said = [talk.says(one) for one in (alice, carol, alice, alice)]
    talk.all_hear([alice, carol], *said)
    bob = talk.joins("bob")
    is_told(talk, bob, said[1], said[3], members=[alice, carol], is_known=is_known)
    following = [talk.says(one) for one in (alice, bob, carol)]
    talk.all_hear([alice, bob, carol], *following)

    assert talk.findings() == []


def test_what_is_told_again_shows_no_membership(talk: Talk) -> None:
    """What is said between the history and the joining is not due."""
    alice, soup, bob = comes_after_a_word(talk)
    talk.hears(bob, soup)
    between = talk.says(alice)
    talk.hears(alice, between, talk.notice(bob, "joined"))
    after = talk.says(alice)
    talk.all_hear([alice, bob], after)

    assert talk.findings() == []


def test_what_is_said_once_it_is_a_member_is_due(talk: Talk) -> None:
    alice, soup, bob = comes_after_a_word(talk)
    talk.hears(bob, soup)
    talk.hears(alice, talk.notice(bob, "joined"))
    talk.hears(alice, talk.says(alice))

    assert talk.findings() == [Found(Kind.LOST, "DELIVER-1", bob.number, alice.number, 2)]


@WHEN
def test_nothing_is_told_twice(talk: Talk, is_known: bool) -> None:
    alice, soup, bob = comes_after_a_word(talk)
    is_told(talk, bob, soup, soup, members=[alice], is_known=is_known)

    assert talk.findings() == [Found(Kind.DUPLICATED, "DELIVER-3", bob.number, alice.number, 1)]


@WHEN
def test_what_is_told_of_a_speaker_is_in_order(talk: Talk, is_known: bool) -> None:
    (alice,) = talk.meet("alice")
    soup, bread = talk.says(alice), talk.says(alice)
    talk.hears(alice, soup, bread)
    bob = talk.joins("bob")
    is_told(talk, bob, bread, soup, members=[alice], is_known=is_known)

    assert talk.findings() == [Found(Kind.REORDERED, "ORDER-1", bob.number, alice.number, 1)]


def test_history_comes_before_what_is_said_now(talk: Talk) -> None:
    alice, soup, bob = comes_after_a_word(talk)
    talk.hears(alice, talk.notice(bob, "joined"))
    talk.all_hear([alice, bob], talk.says(alice))
    talk.hears(bob, soup)

    assert talk.findings() == [Found(Kind.REORDERED, "ORDER-1", bob.number, alice.number, 1)]


@WHEN
def test_notices_are_not_told_again(talk: Talk, is_known: bool) -> None:
    alice = talk.joins("alice")
    joined = talk.notice(alice, "joined")
    talk.hears(alice, joined, talk.says(alice))
    bob = talk.joins("bob")
    is_told(talk, bob, joined, members=[alice], is_known=is_known)

    assert talk.findings() == [Found(Kind.REPLAYED, "DELIVER-10", bob.number, alice.number, 0)]


def left_long_ago(talk: Talk) -> tuple[StreamingConnection, StreamingConnection, bytes]:
    """Somebody has said something, left, and is forgotten: who is still there, who left, and what was said."""
    alice, carol = talk.meet("alice", "carol")
    soup = talk.says(carol)
    talk.all_hear([alice, carol], soup)
    talk.hears(alice, talk.leaves(carol))
    talk.passes(2 * DEADLINE // MILLISECOND)
    return alice, carol, soup


def test_a_member_is_told_nothing_again_of_one_long_gone(talk: Talk) -> None:
    alice, carol, soup = left_long_ago(talk)
    talk.hears(alice, soup)

    assert talk.findings() == [Found(Kind.MISPLACED, "LEAVE-3", alice.number, carol.number, None)]


def test_messages_of_one_long_gone_may_be_told_again(talk: Talk) -> None:
    alice, _, soup = left_long_ago(talk)
    bob = talk.joins("bob")
    talk.hears(bob, soup)
    talk.hears(alice, talk.notice(bob, "joined"))

    assert talk.findings() == []


def test_the_leave_of_one_who_left_meanwhile_may_come_before_it_is_a_member(talk: Talk) -> None:
    alice, carol = talk.meet("alice", "carol")
    bob = talk.joins("bob")
    left = talk.leaves(carol)
    talk.all_hear([alice, bob], left)
    talk.hears(alice, talk.notice(bob, "joined"))

    assert talk.findings() == []


def test_what_is_told_again_is_no_delivery_that_took_long(talk: Talk) -> None:
    (alice,) = talk.meet("alice")
    content = talk.room.compose(alice, "soup", talk.tick(), meant=talk.clock)
    soup = talk.frame(type="message", content=content, sender_id="alice")
    talk.hears(alice, soup)
    talk.clock += 10 * DEADLINE
    bob = talk.joins("bob")
    talk.hears(bob, soup.replace(b'"type"', b' "type"'))
    talk.hears(alice, talk.notice(bob, "joined"))
    ledger = talk.tally()

    assert ledger.findings == []
    assert [timing.last - timing.meant for timing in ledger.spent] == [MILLISECOND]
    assert list(ledger.delays) == [MILLISECOND]


def test_who_is_gone_before_it_is_known_to_be_a_member_may_have_heard_of_an_early_leave(talk: Talk) -> None:
    alice, carol = talk.meet("alice", "carol")
    bob = talk.joins("bob")
    talk.hears(bob, talk.notice(carol, "left"))
    talk.is_closed(bob, 1001)
    talk.is_closed(carol, 1001)
    talk.hears(alice, talk.notice(carol, "left"), talk.notice(bob, "joined"), talk.notice(bob, "left"))

    assert talk.findings() == []


def test_one_who_only_listens_takes_no_more_memory_with_each_message(talk: Talk) -> None:
    """Nobody hears that the first one joins, and it says nothing: nothing shows that it is a member."""
    alice, bob = talk.joins("alice"), talk.joins("bob")
    talk.hears(alice, talk.notice(bob, "joined"))
    said = [talk.says(bob) for _ in range(1_000)]
    talk.all_hear([bob, alice], *said)
    memory = len(pickle.dumps((alice.extras, alice.repeated)))
    talk.hears(alice, said[0], said[500])

    assert memory < 1_000
    copies = [Found(Kind.DUPLICATED, "DELIVER-3", alice.number, bob.number, item) for item in (1, 501)]
    assert talk.findings() == copies


def test_a_copy_of_what_was_told_late_is_a_copy(talk: Talk) -> None:
    (alice,) = talk.meet("alice")
    soup, bread = talk.says(alice), talk.says(alice)
    talk.hears(alice, soup, bread)
    bob = talk.joins("bob")
    talk.hears(bob, bread, soup, soup)
    talk.hears(alice, talk.notice(bob, "joined"))

    late = Found(Kind.REORDERED, "ORDER-1", bob.number, alice.number, 1)
    assert talk.findings() == [late, Found(Kind.DUPLICATED, "DELIVER-3", bob.number, alice.number, 1)]


@pytest.mark.parametrize("code", [1008, 4004])
def test_who_was_told_something_was_let_in(talk: Talk, code: int) -> None:
    _, soup, bob = comes_after_a_word(talk)
    talk.hears(bob, soup)
    talk.is_closed(bob, code)

    assert talk.findings() == [Found(Kind.DROPPED, "CLOSE-1", bob.number, None, None)]


def test_who_was_told_of_one_since_forgotten_was_let_in(talk: Talk) -> None:
    alice, carol = talk.meet("alice", "carol")
    soup = talk.says(carol)
    talk.all_hear([alice, carol], soup)
    bob = talk.joins("bob")
    talk.hears(bob, soup)
    talk.hears(alice, talk.leaves(carol))
    talk.passes(2 * DEADLINE // MILLISECOND)
    talk.is_closed(bob, 1008)

    assert talk.findings() == [Found(Kind.DROPPED, "CLOSE-1", bob.number, None, None)]


def test_a_message_that_a_newcomer_of_another_instance_got_first_is_timed() -> None:
    talk = Talk(("history", "pubsub"))
    alice, carol = talk.joins("alice", "here"), talk.joins("carol", "there")
    talk.all_hear([alice, carol], talk.notice(alice, "joined"), talk.notice(carol, "joined"))
    bob = talk.joins("bob", "there")
    content = talk.room.compose(alice, "soup", talk.tick(), meant=talk.clock)
    soup = talk.frame(type="message", content=content, sender_id="alice")
    talk.hears(alice, soup)
    talk.all_hear([bob, carol], soup)
    talk.all_hear([alice, carol], talk.notice(bob, "joined"))
    ledger = talk.tally()

    assert ledger.findings == []
    assert list(ledger.delays) == [MILLISECOND, 3 * MILLISECOND]
    assert [timing.last - timing.meant for timing in ledger.spent] == [3 * MILLISECOND]

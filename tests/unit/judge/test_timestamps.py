"""Time does not run backwards under load (DELIVER-9), whoever stamps what."""

from typing import Any

import pytest

from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from tests.unit.judge.tale import MILLISECOND, Found, stamp
from tests.unit.judge.talk import Talk


def each_hears(
    talk: Talk, connections: list[StreamingConnection], sender: StreamingConnection, *, ahead: tuple[int, ...] = (0, 1)
) -> None:
    """A message, stamped for each receiver, so many milliseconds ahead of the clock."""
    content = talk.room.compose(sender, "soup", talk.tick())
    for connection, milliseconds in zip(connections, ahead, strict=True):
        fields: dict[str, Any] = {"timestamp": stamp(talk.clock + milliseconds * MILLISECOND)}
        talk.hears(connection, talk.frame(type="message", content=content, sender_id=sender.user, **fields))


def test_a_server_may_stamp_each_delivery() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    each_hears(talk, [alice, bob], alice)
    each_hears(talk, [alice, bob], alice, ahead=(900, 0))
    each_hears(talk, [alice, bob], alice, ahead=(1_000, 0))

    assert talk.findings() == []


def test_time_does_not_run_backwards_at_one_receiver() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    each_hears(talk, [alice, bob], alice)
    each_hears(talk, [alice, bob], alice)
    each_hears(talk, [alice, bob], alice, ahead=(0, -100))

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", bob.number, alice.number, 3)]


def test_time_runs_backwards_from_a_join_that_came_after_the_first_words() -> None:
    """The echo of the first message came before anybody had heard that its sender had joined."""
    talk = Talk()
    (alice,) = talk.meet("alice")
    bob = talk.joins("bob")
    content = talk.room.compose(bob, "soup", talk.tick())
    talk.hears(bob, talk.frame(type="message", content=content, sender_id="bob"))
    talk.hears(alice, talk.notice(bob, "joined"))
    early = stamp(talk.clock - 100 * MILLISECOND)
    talk.hears(alice, talk.frame(type="message", content=content, sender_id="bob", timestamp=early))

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, bob.number, 1)]


def test_nobody_left_before_the_last_words() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.all_hear([alice, bob], talk.says(bob))
    talk.leaves(bob)
    left = talk.frame(type="system", content="bob left the chat", timestamp=stamp(talk.clock - 100 * MILLISECOND))
    talk.hears(alice, left)

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, bob.number, bob.leave)]


def test_nobody_left_before_the_last_words_though_its_client_did_not_know_that_it_had() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.all_hear([alice, bob], talk.says(bob))
    left = talk.frame(type="system", content="bob left the chat", timestamp=stamp(talk.clock - 100 * MILLISECOND))
    talk.hears(alice, left)
    talk.is_closed(bob, 1001)

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, bob.number, bob.leave)]


def test_nobody_left_at_the_time_of_words_that_were_said_long_before() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    stamped = stamp(talk.clock)
    talk.all_hear([alice, bob], talk.says(bob, timestamp=stamped))
    talk.clock += 2_500 * MILLISECOND
    talk.leaves(bob)
    talk.hears(alice, talk.frame(type="system", content="bob left the chat", timestamp=stamped))

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, bob.number, bob.leave)]


def test_what_a_newcomer_got_first_by_another_clock_is_timed() -> None:
    talk = Talk(("pubsub",))
    alice = talk.joins("alice")
    talk.hears(alice, ahead(talk, type="system", content="alice joined the chat"), two_copies(talk, alice)[0])
    bob = talk.joins("bob")
    talk.hears(bob, talk.notice(bob, "joined"))
    fields = {"type": "message", "content": talk.room.compose(alice, "soup", talk.tick(), meant=talk.clock)}
    talk.hears(bob, talk.frame(**fields, sender_id="alice"))
    talk.hears(alice, ahead(talk, type="system", content="bob joined the chat"))
    talk.hears(alice, ahead(talk, **fields, sender_id="alice"))
    tally = talk.tally()

    assert tally.findings == []
    assert list(tally.delays) == [MILLISECOND, 3 * MILLISECOND]
    assert (len(tally.spent), tally.untimed) == (0, 1)


def test_what_a_newcomer_got_first_is_looked_at_by_those_who_got_what_was_before() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.hears(alice, talk.says(alice))
    bob = talk.joins("bob")
    soup = talk.says(alice, timestamp=stamp(talk.clock - 100 * MILLISECOND))
    talk.hears(bob, talk.notice(bob, "joined"), soup)
    talk.hears(alice, talk.notice(bob, "joined"), soup)

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", alice.number, alice.number, 2)]


def test_time_that_runs_backwards_is_found_in_one_copy_among_many() -> None:
    talk = Talk()
    alice, bob, carol = talk.meet("alice", "bob", "carol")
    each_hears(talk, [alice, bob, carol], alice, ahead=(0, 0, 0))
    each_hears(talk, [alice, bob, carol], alice, ahead=(0, -100, 0))
    each_hears(talk, [alice, bob, carol], alice, ahead=(0, 0, 0))

    assert talk.findings() == [Found(Kind.WRONG_TIME, "DELIVER-9", bob.number, alice.number, 2)]


def test_the_last_words_may_reach_somebody_after_the_leave_reached_another() -> None:
    talk = Talk()
    alice, bob, carol = talk.meet("alice", "bob", "carol")
    words = talk.says(bob)
    left = talk.leaves(bob)
    talk.hears(alice, words, left)
    talk.hears(carol, words.replace(b'"type"', b' "type"'), left)

    assert talk.findings() == []


def test_a_copy_with_an_earlier_stamp_is_a_copy() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    each_hears(talk, [alice, bob], alice, ahead=(0, 100))
    content = talk.room.compose(alice, "soup", talk.tick())
    for milliseconds in (50, 40, 50):
        fields: dict[str, Any] = {"timestamp": stamp(talk.clock + milliseconds * MILLISECOND)}
        talk.hears(alice, talk.frame(type="message", content=content, sender_id="alice", **fields))
    talk.hears(bob, talk.frame(type="message", content=content, sender_id="alice", timestamp=stamp(talk.clock + 10**9)))

    doubled = Found(Kind.DUPLICATED, "DELIVER-3", alice.number, alice.number, 2)
    assert talk.findings() == [doubled, doubled]


CLOCK = 2_000 * MILLISECOND
"""So much is the clock ahead of one of two instances that stamp all they tell."""


@pytest.fixture(params=["instances that are known", "instances that nobody tells"])
def places(request: pytest.FixtureRequest) -> tuple[str | None, str | None]:
    """The instance whose clock is ahead, and the other one."""
    return ("ahead", "right") if request.param == "instances that are known" else (None, None)


def ahead(talk: Talk, **fields: str) -> bytes:
    """What the instance sends whose clock is ahead."""
    return talk.frame(**fields, timestamp=stamp(talk.clock + CLOCK))


def two_copies(talk: Talk, sender: StreamingConnection) -> tuple[bytes, bytes]:
    """What two instances tell of one message: the one whose clock is ahead, and the other."""
    fields = {"type": "message", "content": talk.room.compose(sender, "soup", talk.tick()), "sender_id": sender.user}
    return ahead(talk, **fields), talk.frame(**fields)


@pytest.mark.parametrize("is_known", [True, False], ids=["it is known to be there", "nobody knows that it is there"])
def test_a_newcomer_is_told_by_another_clock(places: tuple[str | None, str | None], is_known: bool) -> None:
    talk = Talk(("pubsub",))
    alice = talk.joins("alice", places[0])
    talk.hears(alice, ahead(talk, type="system", content="alice joined the chat"), two_copies(talk, alice)[0])
    bob = talk.joins("bob", places[1])
    if is_known:
        talk.hears(bob, talk.notice(bob, "joined"))
    first, other = two_copies(talk, alice)
    talk.hears(bob, other)
    talk.hears(alice, ahead(talk, type="system", content="bob joined the chat"), first)
    for _ in range(2):
        first, other = two_copies(talk, alice)
        talk.hears(bob, other)
        talk.hears(alice, first)

    assert talk.findings() == []


def test_a_newcomer_is_told_of_a_leave_by_another_clock(places: tuple[str | None, str | None]) -> None:
    talk = Talk(("pubsub",))
    alice, carol = talk.joins("alice", places[0]), talk.joins("carol", places[0])
    talk.hears(alice, ahead(talk, type="system", content="carol joined the chat"))
    words, _ = two_copies(talk, carol)
    talk.all_hear([alice, carol], words)
    bob = talk.joins("bob", places[1])
    talk.hears(bob, talk.leaves(carol))
    talk.hears(alice, ahead(talk, type="system", content="bob joined the chat"))
    talk.hears(alice, ahead(talk, type="system", content="carol left the chat"))

    assert talk.findings() == []


def test_a_second_newcomer_gets_what_the_first_one_got_before(places: tuple[str | None, str | None]) -> None:
    talk = Talk(("pubsub",))
    alice = talk.joins("alice", places[0])
    talk.hears(alice, ahead(talk, type="system", content="alice joined the chat"), two_copies(talk, alice)[0])
    bob, carol = talk.joins("bob", places[1]), talk.joins("carol", places[1])
    copies = [two_copies(talk, alice) for _ in range(4)]
    talk.hears(bob, *(other for _, other in copies[:3]))
    talk.hears(carol, copies[1][1], copies[2][1])
    for newcomer in (bob, carol):
        talk.hears(alice, ahead(talk, type="system", content=f"{newcomer.user} joined the chat"))
    talk.hears(alice, *(first for first, _ in copies[:3]))
    talk.all_hear([carol, bob], copies[3][1])
    talk.hears(alice, copies[3][0])

    assert [one for one in talk.findings() if one.kind is Kind.WRONG_TIME] == []

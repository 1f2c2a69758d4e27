"""Time does not run backwards under load (DELIVER-9), whoever stamps what."""

from typing import Any

from roomproof.judge.findings import Kind
from roomproof.judge.line import Line
from tests.unit.judge.tale import MILLISECOND, Found, stamp
from tests.unit.judge.talk import Talk


def each_hears(talk: Talk, lines: list[Line], speaker: Line, *, ahead: tuple[int, ...] = (0, 1)) -> None:
    """A message, stamped for each receiver, so many milliseconds ahead of the clock."""
    content = talk.room.say(speaker, "soup", talk.tick())
    for line, milliseconds in zip(lines, ahead, strict=True):
        fields: dict[str, Any] = {"timestamp": stamp(talk.clock + milliseconds * MILLISECOND)}
        talk.hears(line, talk.frame(type="message", content=content, sender_id=speaker.user, **fields))


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


def test_nobody_left_before_the_last_words() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.all_hear([alice, bob], talk.says(bob))
    talk.leaves(bob)
    left = talk.frame(type="system", content="bob left the chat", timestamp=stamp(talk.clock - 100 * MILLISECOND))
    talk.hears(alice, left)

    assert [(one.kind, one.rule, one.stream) for one in talk.findings()] == [(Kind.WRONG_TIME, "DELIVER-9", bob.number)]


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
    content = talk.room.say(alice, "soup", talk.tick())
    for milliseconds in (50, 40, 50):
        fields: dict[str, Any] = {"timestamp": stamp(talk.clock + milliseconds * MILLISECOND)}
        talk.hears(alice, talk.frame(type="message", content=content, sender_id="alice", **fields))
    talk.hears(bob, talk.frame(type="message", content=content, sender_id="alice", timestamp=stamp(talk.clock + 10**9)))

    doubled = Found(Kind.DUPLICATED, "DELIVER-3", alice.number, alice.number, 2)
    assert talk.findings() == [doubled, doubled]


def test_instances_may_stamp_by_their_own_clocks() -> None:
    talk = Talk(("pubsub",))
    alice = talk.joins("alice", "here")
    ahead = stamp(talk.clock + 2_000 * MILLISECOND)
    talk.hears(alice, talk.says(alice, timestamp=ahead))
    bob = talk.joins("bob", "there")
    content = talk.room.say(alice, "soup", talk.tick())
    talk.hears(bob, talk.frame(type="message", content=content, sender_id="alice"))
    talk.hears(alice, talk.notice(bob, "joined"))
    talk.hears(alice, talk.frame(type="message", content=content, sender_id="alice", timestamp=ahead))

    assert talk.findings() == []

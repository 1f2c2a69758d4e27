"""The streaming judge's own parts: memory, cache, counts, details of findings."""

import pytest

from roomproof.history import Received
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.frame_cache import CACHED_FRAMES
from roomproof.judge.streaming.tally import KEPT_FINDINGS
from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, Found
from tests.unit.judge.talk import DEADLINE, Talk

pytestmark = one_judge(StreamingOnly.MEMORY)


def test_what_everyone_hears_is_in_order_and_counted(talk: Talk) -> None:
    people = talk.meet("alice", "bob", "carol")
    for _ in range(10):
        talk.all_hear(people, *[talk.says(one) for one in people])

    tally = talk.tally()

    assert tally.findings == []
    assert people[0].expected == [11, 11, 11], "each message of each"


def test_a_receiver_later_than_the_cache_costs_no_verdict(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    frames = [talk.says(alice) for _ in range(3 * CACHED_FRAMES)]
    talk.hears(alice, *frames)
    talk.hears(bob, *frames)

    assert talk.findings() == []


def test_a_connection_that_is_gone_has_not_received_all(talk: Talk) -> None:
    """Not even after somebody else has connected: nothing more is counted for it."""
    _, bob = talk.meet("alice", "bob")
    talk.leaves(bob)
    carol = talk.joins("carol")
    talk.says(carol)

    assert not talk.room.has_received_all(bob, talk.room.sent_counts())


def test_columns_are_used_again_and_of_leavers_nothing_is_kept(talk: Talk) -> None:
    (alice,) = talk.meet("alice")
    for number in range(50):
        guest = talk.joins(f"guest {number}")
        talk.all_hear([alice, guest], talk.notice(guest, "joined"), talk.says(guest))
        talk.hears(alice, talk.leaves(guest))
        talk.passes(DEADLINE // MILLISECOND)

    assert len(alice.expected) <= 2
    assert (alice.expected_at_leave, alice.holes, len(alice.extras)) == ({}, {}, 1)
    assert talk.findings() == []


def test_a_hundred_of_a_kind_are_kept_and_all_are_counted(talk: Talk) -> None:
    alice, _bob = talk.meet("alice", "bob")
    soup = talk.says(alice)
    talk.hears(alice, *[soup] * 151)

    tally = talk.tally()

    assert tally.counts[Kind.DUPLICATED] == 150
    assert len([one for one in tally.findings if one.kind is Kind.DUPLICATED]) == KEPT_FINDINGS


@one_judge(StreamingOnly.DETAIL)
def test_a_finding_shows_the_frame_that_proves_it(talk: Talk) -> None:
    (alice,) = talk.meet("alice")
    soup = talk.says(alice)
    talk.hears(alice, soup, soup)

    (finding,) = talk.tally().findings

    assert finding.witness == (Received(alice.number, talk.clock, soup.decode()),)


@one_judge(StreamingOnly.DETAIL)
def test_a_loss_shows_how_others_received_what_is_lost(talk: Talk) -> None:
    alice, _bob = talk.meet("alice", "bob")
    talk.hears(alice, talk.says(alice, "bread"))

    (finding,) = talk.tally().findings

    assert "bread" in finding.detail


def test_each_connection_has_a_user_id_of_its_own() -> None:
    talk = Talk()
    talk.joins("alice")

    with pytest.raises(ValueError, match="'alice' has one already"):
        talk.joins("alice")


@one_judge(StreamingOnly.DETAIL)
def test_a_hole_tells_when_it_was_overtaken(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    one, two, three = talk.says(alice), talk.says(alice), talk.says(alice)
    talk.hears(alice, one, two, three)
    talk.passes(7_000)
    talk.hears(bob, one, three)

    (lost,) = talk.tally().findings
    assert lost.text == "message 2 of 'alice' was due and did not arrive"
    assert lost.detail.startswith("a later item arrived, 7.0")


@one_judge(StreamingOnly.BYTES)
def test_a_frame_that_is_no_text_is_malformed(talk: Talk) -> None:
    (alice,) = talk.meet("alice")
    talk.hears(alice, b"\xff")

    assert talk.findings() == [Found(Kind.MALFORMED, "DELIVER-7", alice.number, None, None)]

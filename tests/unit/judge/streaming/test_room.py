"""The streaming form, where it has something of its own: memory, the cache, counting. The rest is test_agreement.py."""

import pytest

from roomproof.history import Received
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.frame_cache import CACHED_FRAMES
from roomproof.judge.streaming.tally import KEPT_FINDINGS
from tests.unit.judge.tale import MILLISECOND, Found
from tests.unit.judge.talk import DEADLINE, Talk


def test_what_everyone_hears_is_in_order_and_counted() -> None:
    talk = Talk()
    people = talk.meet("alice", "bob", "carol")
    for _ in range(10):
        talk.all_hear(people, *[talk.says(one) for one in people])

    tally = talk.tally()

    assert tally.findings == []
    assert people[0].expected == [11, 11, 11], "each message of each"


def test_another_order_of_different_speakers_costs_no_verdict() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup, bread = talk.says(alice), talk.says(bob)
    talk.hears(alice, soup, bread)
    talk.hears(bob, bread, soup)

    assert talk.findings() == []


def test_a_receiver_so_late_that_all_is_forgotten_costs_no_verdict() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    frames = [talk.says(alice) for _ in range(3 * CACHED_FRAMES)]
    talk.hears(alice, *frames)
    talk.hears(bob, *frames)

    assert talk.findings() == []


def test_a_late_comer_hears_on_from_where_it_came() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.hears(alice, talk.says(alice), soup := talk.says(alice))
    bob = talk.joins("bob")
    talk.hears(bob, soup, talk.notice(bob, "joined"))
    talk.hears(alice, talk.notice(bob, "joined"))

    assert talk.findings() == []


def test_what_comes_late_shows_that_a_membership_began_early() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    one, two, three = talk.says(alice), talk.says(alice), talk.says(alice)
    bob = talk.joins("bob")
    talk.hears(alice, one, two, three, talk.notice(bob, "joined"))
    talk.hears(bob, three, one)

    assert talk.findings() == [
        Found(Kind.REORDERED, "ORDER-1", bob.number, alice.number, 1),
        Found(Kind.LOST, "DELIVER-1", bob.number, alice.number, 2),
    ]


def test_columns_are_used_again_and_nothing_of_those_who_left_is_kept() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    for number in range(50):
        guest = talk.joins(f"guest {number}")
        talk.all_hear([alice, guest], talk.notice(guest, "joined"), talk.says(guest))
        talk.hears(alice, talk.leaves(guest))
        talk.passes(DEADLINE // MILLISECOND)

    assert len(alice.expected) <= 2
    assert (alice.expected_at_leave, alice.holes, len(alice.extras)) == ({}, {}, 1)
    assert talk.findings() == []


def test_what_comes_too_late_was_lost_and_is_no_phantom() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    left = talk.leaves(bob)
    for _ in range(2):
        talk.passes(DEADLINE // MILLISECOND)
    talk.hears(alice, soup, left)

    assert talk.findings() == [
        Found(Kind.LOST, "DELIVER-11", alice.number, bob.number, 1),
        Found(Kind.MISSING_NOTICE, "LEAVE-1", alice.number, bob.number, 2),
    ]


def test_a_server_that_goes_on_delivering_has_lost_nothing() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    frames = [talk.says(bob) for _ in range(8)]
    for frame in (*frames, talk.leaves(bob)):
        talk.passes(DEADLINE // MILLISECOND * 9 // 10)
        talk.hears(alice, frame)

    assert talk.findings() == []


def test_what_is_missing_is_lost_whoever_comes_and_goes_meanwhile() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.leaves(bob)
    for number in range(4):
        guest = talk.joins(f"guest {number}")
        talk.all_hear([alice, guest], talk.notice(guest, "joined"), talk.says(guest))
        talk.passes(DEADLINE // MILLISECOND * 9 // 10)
        talk.hears(alice, talk.leaves(guest))
        talk.passes(DEADLINE // MILLISECOND * 9 // 10)
    talk.leaves(alice)

    assert talk.findings() == [Found(Kind.MISSING_NOTICE, "LEAVE-1", alice.number, bob.number, 1)]


def test_one_who_reads_on_after_long_finds_what_was_said_meanwhile() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.reads(alice, reads=False)
    soup = talk.says(bob)
    left = talk.leaves(bob)
    talk.passes(10 * DEADLINE // MILLISECOND)
    talk.reads(alice, reads=True)
    talk.hears(alice, soup, left)

    assert talk.findings() == []


def test_the_first_hundred_of_a_kind_are_kept_and_all_are_counted() -> None:
    talk = Talk()
    alice, _bob = talk.meet("alice", "bob")
    soup = talk.says(alice)
    talk.hears(alice, *[soup] * 151)

    tally = talk.tally()

    assert tally.counts[Kind.DUPLICATED] == 150
    assert len([one for one in tally.findings if one.kind is Kind.DUPLICATED]) == KEPT_FINDINGS


def test_a_finding_shows_the_frame_that_proves_it() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    soup = talk.says(alice)
    talk.hears(alice, soup, soup)

    (finding,) = talk.tally().findings

    assert finding.witness == (Received(alice.number, talk.clock, soup.decode()),)


def test_a_loss_shows_how_others_received_what_is_lost() -> None:
    talk = Talk()
    alice, _bob = talk.meet("alice", "bob")
    talk.hears(alice, talk.says(alice, "bread"))

    (finding,) = talk.tally().findings

    assert "bread" in finding.detail


def test_each_connection_has_a_user_id_of_its_own() -> None:
    talk = Talk()
    talk.joins("alice")

    with pytest.raises(ValueError, match="'alice' has one already"):
        talk.joins("alice")


@pytest.mark.parametrize("code", [1011, None])
def test_a_member_is_dropped_with(code: int | None) -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.is_closed(alice, code)

    assert talk.findings() == [Found(Kind.DROPPED, "CLOSE-1", alice.number, None, None)]


@pytest.mark.parametrize("undelivered", [15, 16])
def test_a_member_that_is_too_far_behind_may_be_closed(undelivered: int) -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    talk.hears(alice, *[talk.says(alice) for _ in range(undelivered)])
    talk.is_closed(bob, 1013)
    talk.hears(alice, talk.notice(bob, "left"))

    kinds = [one.kind for one in talk.findings()]
    assert kinds == ([] if undelivered > 15 else [Kind.DROPPED])


def test_a_close_without_an_answer_is_unanswered() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.begins_to_close(alice)
    talk.is_closed(alice, None)

    assert talk.findings() == [Found(Kind.UNANSWERED_CLOSE, "CLOSE-2", alice.number, None, None)]


def test_a_member_without_echo_never_joined() -> None:
    talk = Talk()
    alice = talk.joins("alice")
    talk.says(alice)

    assert talk.findings() == [Found(Kind.NEVER_JOINED, "JOIN-2", alice.number, None, None)]


def test_nothing_is_heard_of_a_connection_that_was_refused() -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    eve = talk.opens("eve")
    talk.refuses(eve, 403)
    talk.hears(alice, talk.notice(eve, "joined"))

    assert talk.findings() == [Found(Kind.PHANTOM, "REFUSE-4", alice.number, eve.number, None)]


@pytest.mark.parametrize(
    ("frame", "kind", "rule"),
    [
        pytest.param(b"\xff", Kind.MALFORMED, "DELIVER-7", id="no text"),
        pytest.param(b'{"type": "message"}', Kind.MALFORMED, "DELIVER-7", id="no content"),
        pytest.param(b'{"type": "error", "content": "no"}', Kind.UNPROVOKED_ERROR, "FRAME-5", id="an error"),
    ],
)
def test_a_frame_is_wrong_that_is(frame: bytes, kind: Kind, rule: str) -> None:
    talk = Talk()
    (alice,) = talk.meet("alice")
    talk.hears(alice, frame)

    assert talk.findings() == [Found(kind, rule, alice.number, None, None)]


@pytest.mark.parametrize(
    ("changes", "kind", "rule"),
    [
        pytest.param({"sender_id": "eve"}, Kind.MISATTRIBUTED, "DELIVER-6", id="another sender"),
        pytest.param({"chat_id": "garage"}, Kind.ALTERED, "DELIVER-7", id="another room"),
        pytest.param({"timestamp": "2026-12-23T22:12:57"}, Kind.WRONG_TIME, "DELIVER-8", id="a timestamp of next year"),
        pytest.param({"timestamp": "2025-12-23T22:12:56"}, Kind.WRONG_TIME, "DELIVER-9", id="an earlier timestamp"),
    ],
)
def test_each_receiver_is_shown_to_get_a_message_with(changes: dict[str, str], kind: Kind, rule: str) -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    first, second = talk.says(alice), talk.says(alice, **changes)
    talk.all_hear([alice, bob], first, second)

    found = [(one.kind, one.rule, one.receiver) for one in talk.findings()]
    assert found == [(kind, rule, alice.number), (kind, rule, bob.number)]


def test_a_hole_tells_when_it_was_overtaken() -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    one, two, three = talk.says(alice), talk.says(alice), talk.says(alice)
    talk.hears(alice, one, two, three)
    talk.passes(7_000)
    talk.hears(bob, one, three)

    (lost,) = talk.tally().findings
    assert lost.text == "message 2 of 'alice' was due and did not arrive"
    assert lost.detail.startswith("a later item arrived, 7.0")

"""Dropped members, unanswered closes, and histories that only look so."""

import json

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding

BAD = '{"type": "message"}'


@pytest.mark.parametrize("code", [1001, 1012])
def test_a_server_may_shut_down_with(tale: Tale, code: int) -> None:
    (alice,) = tale.meet("alice")
    alice.is_closed(code)

    assert tale.findings() == []


@pytest.mark.parametrize("code", [1000, 1003, 1005, 1008, 1009, 1011, 1013, 4004, None])
def test_a_reading_well_behaved_member_is_not_closed_with(tale: Tale, code: int | None) -> None:
    (alice,) = tale.meet("alice")
    alice.is_closed(code)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", alice)]


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("code", [1002, 1007, 1003, 1000, None])
def test_one_that_sent_what_is_no_frame_may_be_closed_with(tale: Tale, code: int | None) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.violates()
    bob.is_closed(code)
    alice.hears(bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_the_leave_of_one_that_sent_what_is_no_frame_is_due(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.violates()
    bob.is_closed(1007)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "LEAVE-1", alice, bob.left)]


def test_a_member_of_a_deleted_room_is_closed(tale: Tale) -> None:
    tale.declares("delete")
    (alice,) = tale.meet("alice")
    tale.deletes()
    alice.is_closed(4004)

    assert tale.findings() == []


def test_a_room_is_not_deleted_before_anybody_asks_for_that(tale: Tale) -> None:
    tale.declares("delete")
    alice, bob = tale.meet("alice", "bob")
    alice.is_closed(4004)
    bob.hears(alice.left)
    tale.deletes()
    bob.is_closed(4004)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", alice)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_after_what_is_no_frame_nothing_need_be_read(tale: Tale) -> None:
    """The server's Close crosses the client's."""
    alice, bob = tale.meet("alice", "bob")
    bob.violates()
    bob.says("soup")
    bob.begins_to_close()
    bob.is_closed(1007)
    alice.hears(bob.left)

    assert tale.findings() == []


@pytest.mark.parametrize("code", [1000, 1001])
def test_last_words_before_a_close_that_is_answered_are_due(tale: Tale, code: int) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    bob.begins_to_close(code)
    bob.is_closed(code)
    alice.hears(bob.left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-11", alice, soup)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_what_was_said_before_what_is_no_frame_is_due(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = bob.says("soup")
    bob.violates()
    bob.begins_to_close()
    bob.is_closed(1000)
    alice.hears(bob.left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-11", alice, soup)]


@pytest.mark.parametrize("code", [1013, None])
def test_a_member_that_paused_may_be_closed_with(tale: Tale, code: int | None) -> None:
    (alice,) = tale.meet("alice")
    alice.stops_reading()
    alice.reads_again()
    alice.is_closed(code)

    assert tale.findings() == []


@pytest.mark.parametrize("undelivered", [15, 16])
def test_a_member_that_is_too_far_behind_may_be_closed(tale: Tale, undelivered: int) -> None:
    alice, bob = tale.meet("alice", "bob")
    for number in range(undelivered):
        alice.hears(alice.says(f"soup {number}"))
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == ([] if undelivered > 15 else [finding(Kind.DROPPED, "CLOSE-1", bob)])


def test_received_notices_do_not_make_up_for_missed_messages(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    tale.all_hear(carol.leaves())
    for number in range(16):
        alice.hears(alice.says(f"soup {number}"))
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == []


def test_one_may_be_behind_with_what_was_on_its_way_before(tale: Tale) -> None:
    """The messages were on their way when the member came."""
    (alice,) = tale.meet("alice")
    soups = [alice.says(f"soup {number}") for number in range(20)]
    bob = tale.joins("bob")
    alice.hears(bob.joined, *soups)
    bob.is_closed(1013)
    alice.hears(bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b"\x00", 1003, id="a binary one"),
        pytest.param('{"type": "message", "content": "%s"}' % ("x" * 65_536), 1009, id="one beyond the limit"),
        pytest.param('{"type": "message", "content": "%s"}' % ("x" * 65_536), None, id="one whose answer is overtaken"),
    ],
)
def test_a_bad_frame_that_may_end_the_connection_is(tale: Tale, frame: str | bytes, code: int | None) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.sends(frame)
    bob.is_closed(code)
    alice.hears(bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize(("code", "is_permitted"), [(1007, True), (1011, True), (1000, False), (None, False)])
def test_a_deep_frame_may_end_its_connection_with(tale: Tale, code: int | None, is_permitted: bool) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.sends("[" * 33 + "]" * 33)
    bob.is_closed(code)
    alice.hears(bob.left)

    assert tale.findings() == ([] if is_permitted else [finding(Kind.DROPPED, "FRAME-3", bob)])


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("code", [1003, 1007, 1008, 1009, 1011, None])
def test_a_bad_frame_does_not_end_the_connection_with(tale: Tale, code: int | None) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.sends(BAD)
    bob.is_closed(code)
    alice.hears(bob.left)

    assert tale.findings() == [finding(Kind.DROPPED, "FRAME-3", bob)]


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("frame", [BAD, '{"content": "soup"}', '{"type": "ping"}'])
def test_twenty_bad_frames_may_end_the_connection(tale: Tale, frame: str) -> None:
    alice, bob = tale.meet("alice", "bob")
    for _ in range(20):
        bob.sends(frame)
    bob.is_closed(1008)
    alice.hears(bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_one_that_is_shut_out_for_bad_frames_was_a_member(tale: Tale) -> None:
    """That holds though the server answered nothing."""
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    for _ in range(20):
        bob.sends(BAD)
    bob.is_closed(1008)
    alice.hears(bob.joined, bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_a_silent_server_does_not_shut_out_for_one_bad_frame(tale: Tale) -> None:
    bob = tale.joins("bob")
    bob.sends(BAD)
    bob.is_closed(1008)

    assert tale.findings() == [finding(Kind.DROPPED, "FRAME-3", bob)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_pings_are_not_bad_frames_where_they_are_declared(tale: Tale) -> None:
    tale.declares("ping")
    (bob,) = tale.meet("bob")
    for _ in range(20):
        bob.sends('{"type": "ping"}')
    bob.is_closed(1008)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-1", bob)]


def test_a_close_that_is_answered_is_an_end_like_any_other(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.leaves()

    assert tale.findings() == []


def test_a_close_without_an_answer_is_unanswered(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.begins_to_close()
    alice.is_closed(None)

    assert tale.findings() == [finding(Kind.UNANSWERED_CLOSE, "CLOSE-2", alice)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_the_reset_after_an_oversized_frame_may_come_first(tale: Tale) -> None:
    """It may overtake the answer to a close."""
    (alice,) = tale.meet("alice")
    alice.sends('{"type": "message", "content": "%s"}' % ("x" * 65_536))
    alice.begins_to_close()
    alice.is_closed(None)

    assert tale.findings() == []


def test_one_that_dies_while_it_closes_is_owed_no_answer(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.begins_to_close()
    alice.dies()

    assert tale.findings() == []


def test_a_close_and_its_answer_may_come_at_one_time(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.begins_to_close(1000)
    tale.clock -= 1_000_000
    alice.is_closed(1000)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_what_is_told_of_what_is_no_frame_is_a_phantom(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.violates()
    alice.receives(json.dumps({"type": "message", "sender_id": "bob", **bob._stamped("caf\ufffd")}))
    bob.is_closed(1007)
    alice.hears(bob.left)

    assert [(one.kind, one.rule) for one in tale.findings()] == [(Kind.PHANTOM, "FRAME-1")]


def test_a_wrong_code_after_a_deletion_breaks_close_3(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.deletes()
    alice.is_closed(4004)
    bob.is_closed(1000)

    assert tale.findings() == [finding(Kind.DROPPED, "CLOSE-3", bob)]

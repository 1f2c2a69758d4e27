"""Bad frames, errors and timestamps: what they may lead to, and what not."""

import pytest

from roomproof.judge.findings import Kind
from roomproof.spec import messages
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, Tale, finding, stamp


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("frame", ["soup?", '{"type": "shout", "content": "soup"}', '{"type": "message"}'])
def test_a_bad_frame_is_not_heard(tale: Tale, frame: str) -> None:
    alice, _bob = tale.meet("alice", "bob")
    alice.sends(frame)
    alice.gets_error()
    tale.all_hear(alice.says("sorry"))

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_a_bad_frame_that_is_heard_as_a_message_is_a_phantom(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    sorry = alice.says("sorry")
    alice.sends('{"type": "shout", "content": "soup"}')
    tale.all_hear(sorry)
    bob.hears(sorry, content="soup")

    assert tale.findings() == [finding(Kind.PHANTOM, "FRAME-1", bob)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_a_bad_frame_that_is_passed_on_as_it_is_is_malformed(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    alice.sends('{"type": "message", "content": 42}')
    bob.receives('{"type": "message", "content": 42}')

    assert tale.findings() == [finding(Kind.MALFORMED, "FRAME-1", bob)]


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize(
    "frame",
    ['{"content": "soup"}', messages.message("x" * 4097), '{"type": "message", "content": "\\ud800"}'],
    ids=["no type", "too long", "a lone surrogate"],
)
@pytest.mark.parametrize("carried", [True, False], ids=["be carried", "be refused"])
def test_a_doubtful_frame_may(tale: Tale, frame: str, carried: bool) -> None:
    alice, bob = tale.meet("alice", "bob")
    sorry = alice.says("sorry")
    alice.sends(frame)
    tale.all_hear(sorry)
    if carried:
        content = messages.read_sent(frame)
        assert isinstance(content, messages.Perhaps)
        bob.hears(sorry, content=content.content)
    else:
        alice.gets_error()

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
def test_a_lone_surrogate_is_not_replaced(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    sorry = alice.says("sorry")
    alice.sends('{"type": "message", "content": "soup \\ud800"}')
    tale.all_hear(sorry)
    bob.hears(sorry, content="soup \ufffd")

    assert tale.findings() == [finding(Kind.PHANTOM, "FRAME-1", bob)]


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("taken", [True, False])
def test_an_unmasked_message_may_be_taken(tale: Tale, taken: bool) -> None:
    alice, bob = tale.meet("alice", "bob")
    sorry = bob.says("sorry")
    tale.all_hear(sorry)
    bob.violates(messages.message("soup").encode(), is_masked=False)
    if taken:
        alice.hears(sorry, content="soup")
    else:
        bob.is_closed(1002)
        alice.hears(bob.left)

    assert tale.findings() == []


@one_judge(OfflineOnly.BAD_FRAMES)
@pytest.mark.parametrize("form", [{"is_masked": True}, {"is_masked": False}])
def test_what_is_no_frame_may_be_answered_with_an_error(tale: Tale, form: dict[str, bool]) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.violates(b'{"of": "another service"}', **form)
    bob.gets_error()
    bob.is_closed(1002)
    alice.hears(bob.left)

    assert tale.findings() == []


def test_an_error_for_a_valid_message_is_unprovoked(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("soup"))
    alice.gets_error()

    assert tale.findings() == [finding(Kind.UNPROVOKED_ERROR, "FRAME-5", alice)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_an_error_for_an_undeclared_ping_is_provoked(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.sends('{"type": "ping"}')
    alice.gets_error()

    assert tale.findings() == []


@pytest.mark.parametrize("seconds", [-59, 59])
def test_a_timestamp_may_be_off_by(tale: Tale, seconds: int) -> None:
    (alice,) = tale.meet("alice")
    tale.passes(100)
    alice.hears(alice.says("soup"), timestamp=stamp(tale.clock + seconds * 10**9))

    assert [one for one in tale.findings() if one.rule == "DELIVER-8"] == []


@pytest.mark.parametrize("seconds", [-61, 61])
def test_a_timestamp_is_not_off_by(tale: Tale, seconds: int) -> None:
    alice = tale.joins("alice")
    tale.passes(100)
    alice.hears(alice.says("soup"), timestamp=stamp(tale.clock + seconds * 10**9))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-8", alice)]


def test_one_that_did_not_read_for_long_gets_old_timestamps(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.stops_reading()
    soup = alice.says("soup")
    alice.hears(soup)
    tale.passes(100)
    bob.reads_again()
    bob.hears(soup)

    assert tale.findings() == []


def test_time_may_be_measured_in_whole_seconds(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread, timestamp=stamp(tale.clock))

    assert tale.findings() == []


def test_time_does_not_run_backwards_in_a_stream(tale: Tale) -> None:
    alice = tale.joins("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup)
    alice.hears(bread, timestamp=stamp(0))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, bread)]


def test_a_copy_that_is_stamped_anew_is_a_copy(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    tale.all_hear(soup, bread)
    tale.passes(1)
    bob.hears(soup, timestamp=stamp(tale.clock))

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


def test_after_a_step_backwards_time_is_measured_anew(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    tale.passes(3)
    before = stamp(tale.clock - 1_000 * MILLISECOND)
    alice.hears(alice.says("soup"))
    tale.passes(1.2)
    bread = alice.says("bread")
    alice.hears(bread, timestamp=before)
    tale.passes(1.2)
    alice.hears(alice.says("cheese"), timestamp=before)

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, bread)]


def test_time_does_not_stand_still_in_a_stream(tale: Tale) -> None:
    alice = tale.joins("alice")
    alice.hears(alice.says("soup"), timestamp=stamp(0))
    tale.passes(1.5)
    alice.hears(alice.says("bread"), timestamp=stamp(0))
    tale.passes(1.5)
    cheese = alice.says("cheese")
    alice.hears(cheese, timestamp=stamp(0))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, cheese)]


def test_a_server_that_stalls_may_stamp_two_messages_alike(tale: Tale) -> None:
    alice = tale.joins("alice")
    soup = alice.says("soup")
    tale.passes(3)
    bread = alice.says("bread")
    alice.hears(soup, bread, timestamp=stamp(tale.clock))

    assert tale.findings() == []

"""A room was held up only if all of it was silent until a slow reader read on."""

import pytest

from roomproof.judge.findings import Kind
from roomproof.judge.streaming import slow_readers
from roomproof.judge.streaming.connection import StreamingConnection
from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Found
from tests.unit.judge.talk import Talk

SECOND = 1_000
"""In the milliseconds of a talk."""

pytestmark = one_judge(StreamingOnly.TIMING)


def says(talk: Talk, connection: StreamingConnection) -> bytes:
    """Somebody says something, as it was meant."""
    at = talk.tick()
    content = talk.room.compose(connection, "soup", at, at)
    return talk.frame(type="message", content=content, sender_id=connection.user)


def heard_at_last(
    talk: Talk, *, read_on_before: int = 0, dreams: bool = True, others_hear: bool = False
) -> list[Found]:
    """Return the findings for a message 7 s late, some time after somebody read on."""
    alice, bob, zoe = talk.meet("alice", "bob", "zoe")
    talk.all_hear([alice, bob, zoe], says(talk, alice))
    if dreams:
        talk.reads(zoe, reads=False)
    late = says(talk, alice)
    talk.passes(5 * SECOND)
    if others_hear:
        talk.all_hear([alice, bob], late)
        late = says(talk, alice)
    talk.passes(2 * SECOND - read_on_before)
    if dreams:
        talk.reads(zoe, reads=True)
    talk.passes(read_on_before)
    talk.all_hear([alice, bob], late)
    if others_hear:
        return talk.findings()
    talk.hears(zoe, late)
    return talk.findings()


def test_a_room_silent_until_a_slow_reader_reads_on_is_held_up(talk: Talk) -> None:
    assert heard_at_last(talk) == [Found(Kind.HELD_UP, "CLOSE-4", 1, 1, 2)]


def test_a_server_that_is_late_for_other_reasons_is_not_accused(talk: Talk) -> None:
    assert heard_at_last(talk, dreams=False) == []


def test_what_comes_long_after_one_read_on_has_another_cause(talk: Talk) -> None:
    assert heard_at_last(talk, read_on_before=1_500) == []


def test_nobody_is_held_up_where_others_hear_something(talk: Talk) -> None:
    assert Kind.HELD_UP not in {one.kind for one in heard_at_last(talk, others_hear=True)}


@pytest.mark.parametrize(("is_there", "kinds"), [(True, [Kind.HELD_UP]), (False, [])], ids=["others", "not itself"])
def test_a_slow_reader_holds_up(talk: Talk, is_there: bool, kinds: list[Kind]) -> None:
    """The slow reader is the first to receive; the others follow, or left before."""
    alice, bob, zoe = talk.meet("alice", "bob", "zoe")
    talk.reads(zoe, reads=False)
    late = says(talk, alice)
    left = [] if is_there else [talk.leaves(alice), talk.leaves(bob)]
    talk.passes(7 * SECOND)
    talk.reads(zoe, reads=True)
    talk.all_hear([zoe, alice, bob] if is_there else [zoe], late)
    talk.hears(zoe, *left)

    assert [one.kind for one in talk.findings()] == kinds


def test_a_pause_counts_in_which_much_was_said(talk: Talk) -> None:
    alice, zoe = talk.meet("alice", "zoe")
    counted = []
    for size in (slow_readers.SWAMPED_BYTES, 1_000):
        talk.reads(zoe, reads=False)
        talk.room.compose(alice, "x" * size, talk.tick())
        talk.reads(zoe, reads=True)
        counted.append(talk.room._state.tally.swamped)

    assert counted == [1, 1]

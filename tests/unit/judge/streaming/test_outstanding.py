"""The judge knows at any time which messages are due and have not arrived."""

from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.talk import Talk

pytestmark = one_judge(StreamingOnly.MEANWHILE)

Lacking = list[tuple[str, str, tuple[int, ...], list[int]]]


def lacking(talk: Talk) -> Lacking:
    """Sender, receiver, holes and tail of all that is outstanding."""
    each = [one for missing in talk.room.outstanding() for one in missing]
    return [(one.sender.user, one.receiver.user, one.holes, list(one.tail)) for one in each]


def test_nothing_is_outstanding_once_all_have_it(talk: Talk) -> None:
    people = talk.meet("alice", "bob")
    talk.all_hear(people, talk.says(people[0]))

    assert lacking(talk) == []


def test_holes_and_tails_are_outstanding(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    frames = [talk.says(alice) for _ in range(6)]
    talk.hears(alice, *frames)
    talk.hears(bob, frames[0], frames[3])

    ((missing,),) = [one for one in talk.room.outstanding() if one]
    assert lacking(talk) == [("alice", "bob", (2, 3), [5, 6])]
    assert missing.lowest == 2
    assert [missing.count(last) for last in (1, 2, 3, 4, 5, 6, 9)] == [0, 1, 2, 2, 3, 4, 4]


def test_late_messages_are_no_longer_outstanding(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    first, second = talk.says(alice), talk.says(alice)
    talk.hears(alice, first, second)
    talk.hears(bob, second, first)

    assert lacking(talk) == []


def test_a_hole_without_a_tail_is_the_lowest(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    frames = [talk.says(alice) for _ in range(3)]
    talk.hears(alice, *frames)
    talk.hears(bob, frames[0], frames[2])

    ((missing,),) = [one for one in talk.room.outstanding() if one]
    assert (missing.lowest, missing.count(3)) == (2, 1)


def test_a_member_without_any_echo_lacks_its_own(talk: Talk) -> None:
    alice = talk.joins("alice")
    talk.says(alice)

    assert lacking(talk) == [("alice", "alice", (), [1])]


def test_slow_readers_and_leavers_lack_nothing(talk: Talk) -> None:
    alice, bob, carol = talk.meet("alice", "bob", "carol")
    talk.reads(bob, reads=False)
    talk.leaves(carol)
    talk.hears(alice, talk.says(alice))

    assert lacking(talk) == []

"""The streaming judge has settled and forgotten those who left long ago."""

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, Found
from tests.unit.judge.talk import DEADLINE, Talk


@one_judge(StreamingOnly.SETTLING)
def test_what_is_said_again_of_one_long_gone_is_misplaced(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.all_hear([alice, bob], soup)
    left = talk.leaves(bob)
    talk.hears(alice, left)
    talk.passes(2 * DEADLINE // MILLISECOND)
    talk.hears(alice, soup, left)

    misplaced = Found(Kind.MISPLACED, "LEAVE-3", alice.number, bob.number, None)
    assert talk.findings() == [misplaced, misplaced]


@one_judge(StreamingOnly.SETTLING)
def test_what_a_newcomer_hears_of_one_long_gone_is_replayed(talk: Talk) -> None:
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(bob)
    talk.all_hear([alice, bob], soup)
    talk.hears(alice, talk.leaves(bob))
    talk.passes(2 * DEADLINE // MILLISECOND)
    (carol,) = talk.meet("carol")
    talk.hears(alice, talk.notice(carol, "joined"))
    talk.hears(carol, soup)

    assert talk.findings() == [Found(Kind.REPLAYED, "DELIVER-10", carol.number, bob.number, None)]


@one_judge(StreamingOnly.SETTLING)
def test_what_comes_too_late_was_lost_and_is_no_phantom(talk: Talk) -> None:
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


@one_judge(StreamingOnly.SETTLING)
def test_a_loss_stays_one_when_its_receiver_leaves_later(talk: Talk) -> None:
    """Others come and go meanwhile, which is no progress in what is missing."""
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

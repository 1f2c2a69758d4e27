"""A server with `history` under load: memory, timing and settling."""

import pickle

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, Found
from tests.unit.judge.talk import DEADLINE, Talk


@one_judge(StreamingOnly.SETTLING)
def test_a_member_is_told_nothing_again_of_one_long_gone(talk: Talk) -> None:
    talk.declares("history")
    alice, carol = talk.meet("alice", "carol")
    soup = talk.says(carol)
    talk.all_hear([alice, carol], soup)
    talk.hears(alice, talk.leaves(carol))
    talk.passes(2 * DEADLINE // MILLISECOND)
    talk.hears(alice, soup)

    assert talk.findings() == [Found(Kind.MISPLACED, "LEAVE-3", alice.number, carol.number, None)]


@one_judge(StreamingOnly.TIMING)
def test_what_is_told_again_is_no_delivery_that_took_long(talk: Talk) -> None:
    talk.declares("history")
    (alice,) = talk.meet("alice")
    content = talk.room.compose(alice, "soup", talk.tick(), scheduled=talk.clock)
    soup = talk.frame(type="message", content=content, sender_id="alice")
    talk.hears(alice, soup)
    talk.clock += 10 * DEADLINE
    bob = talk.joins("bob")
    talk.hears(bob, soup.replace(b'"type"', b' "type"'))
    talk.hears(alice, talk.notice(bob, "joined"))
    tally = talk.tally()

    assert tally.findings == []
    assert [timing.last - timing.scheduled for timing in tally.spent] == [MILLISECOND]
    assert list(tally.delays) == [MILLISECOND]


@one_judge(StreamingOnly.MEMORY)
def test_one_who_only_listens_takes_no_more_memory(talk: Talk) -> None:
    """Nobody hears the first one join, and it is silent: nothing shows its membership."""
    talk.declares("history")
    alice, bob = talk.joins("alice"), talk.joins("bob")
    talk.hears(alice, talk.notice(bob, "joined"))
    said = [talk.says(bob) for _ in range(1_000)]
    talk.all_hear([bob, alice], *said)
    memory = len(pickle.dumps((alice.extras, alice.repeated)))
    talk.hears(alice, said[0], said[500])

    assert memory < 1_000
    copies = [Found(Kind.DUPLICATED, "DELIVER-3", alice.number, bob.number, item) for item in (1, 501)]
    assert talk.findings() == copies


@one_judge(StreamingOnly.TIMING)
def test_a_message_that_a_newcomer_elsewhere_got_first_is_timed(talk: Talk) -> None:
    talk.declares("history", "pubsub")
    alice, carol = talk.joins("alice", "here"), talk.joins("carol", "there")
    talk.all_hear([alice, carol], talk.notice(alice, "joined"), talk.notice(carol, "joined"))
    bob = talk.joins("bob", "there")
    content = talk.room.compose(alice, "soup", talk.tick(), scheduled=talk.clock)
    soup = talk.frame(type="message", content=content, sender_id="alice")
    talk.hears(alice, soup)
    talk.all_hear([bob, carol], soup)
    talk.all_hear([alice, carol], talk.notice(bob, "joined"))
    tally = talk.tally()

    assert tally.findings == []
    assert list(tally.delays) == [MILLISECOND, 3 * MILLISECOND]
    assert [timing.last - timing.scheduled for timing in tally.spent] == [3 * MILLISECOND]

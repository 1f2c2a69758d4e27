"""Messages are timed even if several instances stamp them by their own clocks."""

from typing import Any

from tests.unit.judge.judges import StreamingOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import MILLISECOND, stamp
from tests.unit.judge.talk import Talk

CLOCK = 2_000 * MILLISECOND
"""The time by which the clock of one of two instances is ahead."""


def ahead(talk: Talk, **fields: Any) -> bytes:
    """A frame as the instance sends it whose clock is ahead."""
    return talk.frame(**fields, timestamp=stamp(talk.clock + CLOCK))


@one_judge(StreamingOnly.TIMING)
def test_what_a_newcomer_got_first_by_another_clock_is_timed(talk: Talk) -> None:
    talk.declares("pubsub")
    alice = talk.joins("alice")
    words = {"type": "message", "content": talk.room.compose(alice, "soup", talk.tick()), "sender_id": "alice"}
    talk.hears(alice, ahead(talk, type="system", content="alice joined the chat"), ahead(talk, **words))
    bob = talk.joins("bob")
    talk.hears(bob, talk.notice(bob, "joined"))
    fields = {"type": "message", "content": talk.room.compose(alice, "soup", talk.tick(), scheduled=talk.clock)}
    talk.hears(bob, talk.frame(**fields, sender_id="alice"))
    talk.hears(alice, ahead(talk, type="system", content="bob joined the chat"))
    talk.hears(alice, ahead(talk, **fields, sender_id="alice"))
    tally = talk.tally()

    assert tally.findings == []
    assert list(tally.delays) == [MILLISECOND, 3 * MILLISECOND]
    assert (len(tally.spent), tally.untimed) == (0, 1)

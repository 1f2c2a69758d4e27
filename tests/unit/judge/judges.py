"""One history, judged by both judges, which have to find the same."""

from collections.abc import Sequence
from enum import Enum

from roomproof.history import Deadline, Event, Opening, Sent, Started, Violating
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Finding
from roomproof.judge.offline.judge import judge
from roomproof.judge.streaming.message_id import read_id
from roomproof.spec import messages
from tests.unit.judge.differences import Spans, essence
from tests.unit.judge.feed import NEVER, Feed

DEADLINE = 5 * NS_PER_S
"""Time in nanoseconds after which the streaming judge settles the stream of a connection that ended."""


class OfflineOnly(Enum):
    """The reasons why a history can reach only the offline judge."""

    SHARED_USER = "under load each connection has a user id of its own"
    BAD_FRAMES = "under load clients send valid messages only"
    OWN_WORDS = "under load each content carries a message id"
    AFTER_DEADLINE = "under load nothing happens after the deadline"


class StreamingOnly(Enum):
    """The reasons why a test tells a history to the streaming judge only."""

    SETTLING = "it is about streams that the streaming judge has settled and forgotten"
    MEMORY = "it is about the memory of the streaming judge: its cache, its columns, the findings that it keeps"
    TIMING = "it is about times of delivery, or a room that is held up, which only the streaming judge looks at"
    MEANWHILE = "it is about what is outstanding while a run lasts, which only the streaming judge tells"
    DETAIL = "it is about evidence that only the streaming judge has"
    BYTES = "no history keeps a text frame that is not UTF-8"


def offline_reason(events: Sequence[Event]) -> OfflineOnly | None:
    """The reason why the streaming judge cannot read a history; None if it can."""
    users = [event.user for event in events if isinstance(event, Opening)]
    sent = [messages.read_sent(event.frame) for event in events if isinstance(event, Sent)]
    if len(set(users)) < len(users):
        return OfflineOnly.SHARED_USER
    if any(isinstance(event, Violating) for event in events):
        return OfflineOnly.BAD_FRAMES
    if not all(isinstance(one, messages.Valid) for one in sent):
        return OfflineOnly.BAD_FRAMES
    if any(isinstance(one, messages.Valid) and read_id(one.content) is None for one in sent):
        return OfflineOnly.OWN_WORDS
    deadline = next((event.at for event in events if isinstance(event, Deadline)), NEVER)
    if any(time_of(event) > deadline for event in events):
        return OfflineOnly.AFTER_DEADLINE
    return None


def found_by_both(events: Sequence[Event], reason: OfflineOnly | None) -> list[Finding]:
    """The findings of the offline judge, after the streaming judge has found the same.

    `reason` is why the history reaches the offline judge only; a wrong one fails the test.
    """
    actual = offline_reason(events)
    assert reason is actual, f"expected the mark one_judge({actual}), got {reason}"
    findings = judge(events)
    if reason is None:
        ordered = sorted(events, key=time_of)
        spans = Spans(ordered)
        offline = essence(findings, spans)
        for deadline in (DEADLINE, NEVER):
            streaming = essence(Feed(ordered, deadline).findings(), spans)
            assert streaming == offline, f"only streaming: {streaming - offline}, only offline: {offline - streaming}"
    return findings


def time_of(event: Event) -> int:
    """The time of an event, in nanoseconds; that of the start is 0."""
    return 0 if isinstance(event, Started) else event.at

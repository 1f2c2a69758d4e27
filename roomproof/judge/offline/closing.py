"""Checks of how connections end: dropped members, Close frames without an answer."""

from collections.abc import Iterator

from roomproof.judge import classification, facts, texts
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.expected import ExpectedItems
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.spec.rules import Capability


def dropped(history: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Reading members that the server closed against CLOSE-1, CLOSE-3 or FRAME-3."""
    for member in history.connections.values():
        closed = member.closed
        if closed is None or not member.was_closed_by_server or _may_close(expected, member):
            continue
        if not history.is_touched_by_fault(member, closed.at):
            is_deleted = history.is_deleted(member.room, closed.at)
            kind, rule = classification.dropped(has_sent_bad_frame=member.has_sent_bad_frame, is_deleted=is_deleted)
            text = texts.dropped(member.user, closed.code)
            yield Finding(kind, rule, member.number, text, witness=member.life)


def unanswered_close(history: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Close frames of members that the server did not answer (CLOSE-2)."""
    for member in history.connections.values():
        closed = member.closed
        if closed is None or not member.is_close_unanswered or _may_close(expected, member):
            continue
        if not history.is_touched_by_fault(member, closed.at):
            text = texts.unanswered_close(member.user)
            yield Finding(Kind.UNANSWERED_CLOSE, "CLOSE-2", member.number, text, witness=member.life)


def _may_close(expected: ExpectedItems, member: RecordedConnection) -> bool:
    """Whether the server may have ended a member as it did."""
    history, closed = expected.history, member.closed
    if closed is None:
        return True
    pings = 0 if history.declares(Capability.PING) else member.pings
    return facts.may_close(
        closed.code,
        member,
        is_deleted=history.is_deleted(member.room, closed.at),
        undelivered=lambda: _undelivered(expected, member, closed.at),
        bad_frames=len(member.bad_frames) + len(member.doubtful) + pings,
        has_sent_binary=any(bad.is_binary for bad in member.bad_frames),
        has_sent_oversized=member.has_sent_oversized,
        has_sent_deep=member.has_sent_deep,
    )


def _undelivered(expected: ExpectedItems, member: RecordedConnection, at: int) -> int:
    """Number of messages that the server might have had in hand for a member."""
    return sum(
        facts.undelivered(
            sent=sum(1 for message in sender.sent if message.at < at),
            received=max((trace.item for trace in expected.traces.of(sender, member)), default=0),
            floor=expected.floor(sender, member),
        )
        for sender in expected.history.in_room(member.room)
        if expected.in_audience(sender.number, member)
    )

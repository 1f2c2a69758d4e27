"""Checks of how connections end: members dropped, closes left unanswered."""

from collections.abc import Iterator

from roomproof.judge.facts import may_close
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.expected import ExpectedItems
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.spec.limits import CloseCode
from roomproof.spec.rules import Capability


def dropped(run: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Reading members that the server closed against CLOSE-1 or FRAME-3."""
    for member in run.connections.values():
        closed = member.closed
        if not member.admitted or closed is None or not member.reads:
            continue
        if member.own_end_at is not None and member.own_end_at <= closed.at:
            continue
        if not _may_close(expected, member, closed.code) and not run.fault_covers(member, closed.at):
            code = "no Close frame" if closed.code is None else f"code {closed.code}"
            text = f"the server closed {member.user!r} with {code}"
            rule = "FRAME-3" if member.bad or member.perhaps else "CLOSE-1"
            yield Finding(Kind.DROPPED, rule, member.number, text, witness=member.life)


def _may_close(expected: ExpectedItems, member: RecordedConnection, code: int | None) -> bool:
    deleting = expected.run.deleting.get(member.room)
    pings = 0 if expected.run.declares(Capability.PING) else member.pings
    return may_close(
        code,
        member,
        deleted=deleting is not None and member.closed is not None and deleting <= member.closed.at,
        undelivered=_undelivered(expected, member) if code == CloseCode.TOO_FAR_BEHIND else 0,
        bad=len(member.bad) + len(member.perhaps) + pings,
        binary=any(bad.content is None and bad.reason == "a binary frame" for bad in member.bad),
        oversized=member.sent_oversized,
    )


def _undelivered(expected: ExpectedItems, member: RecordedConnection) -> int:
    """How many messages of the room the server may have had in hand for a member when it closed it."""
    closed = member.closed.at if member.closed else 0
    count = 0
    for sender in expected.run.in_room(member.room):
        if expected.in_audience(sender.number, member):
            # What it got last was all until then (A3); of what came before it, only the item at the floor may be late.
            got = max((one.item for one in expected.traces.of(sender, member)), default=0)
            got = max(got, expected.floor(sender, member) - 1)
            count += sum(1 for item in sender.said if item.number > got and item.sent.at < closed)
    return count


def unanswered_close(run: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Clean closes of members that the server did not answer with a Close frame."""
    for member in run.connections.values():
        if not member.admitted or member.closing is None or member.dying is not None or not member.reads:
            continue
        closed = member.closed
        if (
            closed is None
            or closed.code is not None
            or _may_close(expected, member, None)
            or run.fault_covers(member, closed.at)
        ):
            continue
        text = f"{member.user!r} sent Close and got no Close frame back"
        yield Finding(Kind.UNANSWERED_CLOSE, "CLOSE-2", member.number, text, witness=member.life)

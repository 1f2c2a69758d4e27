"""Checks of how connections end: members dropped, closes left unanswered."""

from collections.abc import Iterator

from roomproof.judge.findings import Finding, Kind
from roomproof.judge.hearing import Hearing
from roomproof.judge.run import Connection, Run

UNDELIVERED_FRAMES = 16
"""A member with fewer undelivered frames is not too far behind (CLOSE-1)."""

BAD_FRAMES_BORNE = 20
"""A connection that sent as many bad frames may be shut out with 1008 (FRAME-3)."""


def dropped(run: Run, hearing: Hearing) -> Iterator[Finding]:
    """Reading members that the server closed against CLOSE-1 or FRAME-3."""
    for member in run.connections.values():
        closed = member.closed
        if not member.member or closed is None or closed.at != member.ended_at or not member.reads:
            continue
        if not _may_close(run, hearing, member, closed.code) and not _fault_covers(run, member, closed.at):
            code = "no Close frame" if closed.code is None else f"code {closed.code}"
            text = f"the server closed {member.user!r} with {code}"
            rule = "FRAME-3" if member.bad or member.perhaps else "CLOSE-1"
            yield Finding(Kind.DROPPED, rule, member.number, text, witness=member.life)


def _may_close(run: Run, hearing: Hearing, member: Connection, code: int | None) -> bool:
    match code:
        case None:
            return member.paused_before or member.sent_oversized
        case 1001 | 1012:
            return True
        case 4004:
            return member.room in run.deleting
        case 1013:
            return member.paused_before or _undelivered(run, hearing, member) >= UNDELIVERED_FRAMES
        case 1003:
            return any(bad.content is None and bad.reason == "a binary frame" for bad in member.bad)
        case 1009:
            return member.sent_oversized
        case 1008:
            return len(member.bad) + len(member.perhaps) >= BAD_FRAMES_BORNE
        case _:
            return False


def _undelivered(run: Run, hearing: Hearing, member: Connection) -> int:
    """How many messages of the room the server may have had in hand for a member when it closed it."""
    closed = member.closed.at if member.closed else 0
    said = sum(
        1 for speaker in run.in_room(member.room) for item in speaker.said if member.opening.at < item.sent.at < closed
    )
    return said - sum(1 for one in hearing.heard[member.number] if one.item > 0)


def _fault_covers(run: Run, member: Connection, at: int) -> bool:
    return any(
        window.at <= at <= window.until + window.heal
        and (window.instances is None or member.instance in window.instances)
        for window in run.faults
    )


def unanswered_close(run: Run) -> Iterator[Finding]:
    """Clean closes of members that the server did not answer with a Close frame."""
    for member in run.connections.values():
        if not member.member or member.closing is None or member.dying is not None or not member.reads:
            continue
        closed = member.closed
        if closed is not None and closed.code is None and not _fault_covers(run, member, closed.at):
            text = f"{member.user!r} sent Close and got no Close frame back"
            yield Finding(Kind.UNANSWERED_CLOSE, "CLOSE-2", member.number, text, witness=member.life)

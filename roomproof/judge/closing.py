"""Checks of how connections end: members dropped, closes left unanswered."""

from collections.abc import Iterator

from roomproof.judge.connection import Connection
from roomproof.judge.due import Dues
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.life import Life
from roomproof.judge.run import Run
from roomproof.protocol import Capability

UNDELIVERED_FRAMES = 16
"""A member with fewer undelivered messages is not too far behind (CLOSE-1)."""

BAD_FRAMES_BORNE = 20
"""A connection that sent as many bad frames may be shut out with 1008 (FRAME-3)."""

TOO_FAR_BEHIND = 1013
"""With this a member is closed that reads too slowly."""


def dropped(run: Run, dues: Dues) -> Iterator[Finding]:
    """Reading members that the server closed against CLOSE-1 or FRAME-3."""
    for member in run.connections.values():
        closed = member.closed
        if not member.member or closed is None or not member.reads:
            continue
        if member.own_end_at is not None and member.own_end_at <= closed.at:
            continue
        if not _may_close(dues, member, closed.code) and not run.fault_covers(member, closed.at):
            code = "no Close frame" if closed.code is None else f"code {closed.code}"
            text = f"the server closed {member.user!r} with {code}"
            rule = "FRAME-3" if member.bad or member.perhaps else "CLOSE-1"
            yield Finding(Kind.DROPPED, rule, member.number, text, witness=member.life)


def _may_close(dues: Dues, member: Connection, code: int | None) -> bool:
    deleting = dues.run.deleting.get(member.room)
    pings = 0 if dues.run.declares(Capability.PING) else member.pings
    return may_close(
        code,
        member,
        deleted=deleting is not None and member.closed is not None and deleting <= member.closed.at,
        undelivered=_undelivered(dues, member) if code == TOO_FAR_BEHIND else 0,
        bad=len(member.bad) + len(member.perhaps) + pings,
        binary=any(bad.content is None and bad.reason == "a binary frame" for bad in member.bad),
        oversized=member.sent_oversized,
    )


def may_close(
    code: int | None,
    life: Life,
    *,
    deleted: bool,
    undelivered: int,
    bad: int = 0,
    binary: bool = False,
    oversized: bool = False,
) -> bool:
    """Whether a server may end a connection with a code, or (None) without a Close frame (CLOSE-1, FRAME-3).

    One that sent what is no frame by RFC 6455 it may end as it likes. Of the others:

    `deleted`: its room was; `undelivered`: messages that the server may have in hand for it; `bad`: how many bad frames
    it sent, and whether a `binary` or an `oversized` one was among them.
    """
    if life.violated:
        return True
    match code:
        case None:
            return life.paused_before or oversized
        case 1001 | 1012:
            return True
        case 4004:
            return deleted
        case 1013:
            return life.paused_before or undelivered >= UNDELIVERED_FRAMES
        case 1003:
            return binary
        case 1009:
            return oversized
        case 1008:
            return bad >= BAD_FRAMES_BORNE
        case _:
            return False


def _undelivered(dues: Dues, member: Connection) -> int:
    """How many messages of the room the server may have had in hand for a member when it closed it."""
    closed = member.closed.at if member.closed else 0
    count = 0
    for speaker in dues.run.in_room(member.room):
        if dues.in_audience(speaker.number, member):
            # What it got last was all until then (A3); of what came before it, only the item at the floor may be late.
            got = max((one.item for one in dues.hearing.of(speaker, member)), default=0)
            got = max(got, dues.floor(speaker, member) - 1)
            count += sum(1 for item in speaker.said if item.number > got and item.sent.at < closed)
    return count


def unanswered_close(run: Run, dues: Dues) -> Iterator[Finding]:
    """Clean closes of members that the server did not answer with a Close frame."""
    for member in run.connections.values():
        if not member.member or member.closing is None or member.dying is not None or not member.reads:
            continue
        closed = member.closed
        if (
            closed is None
            or closed.code is not None
            or _may_close(dues, member, None)
            or run.fault_covers(member, closed.at)
        ):
            continue
        text = f"{member.user!r} sent Close and got no Close frame back"
        yield Finding(Kind.UNANSWERED_CLOSE, "CLOSE-2", member.number, text, witness=member.life)

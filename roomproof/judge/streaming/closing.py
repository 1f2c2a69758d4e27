"""How a connection under load was closed (CLOSE-1, CLOSE-2)."""

from roomproof.history import Closed
from roomproof.judge.facts import may_close
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.state import RoomState
from roomproof.spec.limits import REFUSAL_CODES, CloseCode


def judge_close(roster: RoomState, line: StreamingConnection, closed: Closed) -> None:
    """Whether the server turned it away, may have closed it so, or owes it an answer to its own Close frame."""
    if closed.code in REFUSAL_CODES and not line.has_received and not roster.deleted:
        line.turned_away = True
    if not line.member or not line.reads or line.dying is not None or roster.is_covered(line, closed.at):
        return
    if may_close(closed.code, line, deleted=roster.deleted, undelivered=_undelivered(roster, line, closed)):
        return
    if line.closing is None:
        how = "without a Close frame" if closed.code is None else f"with code {closed.code}"
        text = f"the server closed {line.user!r} {how}"
        roster.find(line, Kind.DROPPED, "CLOSE-1", text)
    elif closed.code is None:
        text = f"{line.user!r} sent Close and got no Close frame back"
        roster.find(line, Kind.UNANSWERED_CLOSE, "CLOSE-2", text)


def _undelivered(roster: RoomState, line: StreamingConnection, closed: Closed) -> int:
    """How many messages of the room the server may have had in hand for a connection when it closed it."""
    if closed.code != CloseCode.TOO_FAR_BEHIND:
        return 0
    count = 0
    for speaker in roster.lines():
        if not roster.are_apart(speaker, line):
            got = max(line.highest_of(speaker.column), roster.floor(speaker, line) - 1, 0)
            count += max(0, speaker.said - got)
    return count

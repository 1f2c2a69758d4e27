"""How a connection under load was closed (CLOSE-1, CLOSE-2)."""

from roomproof.history import Closed
from roomproof.judge.facts import may_close
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.state import RoomState
from roomproof.spec.limits import REFUSAL_CODES, CloseCode


def judge_close(state: RoomState, connection: StreamingConnection, closed: Closed) -> None:
    """Whether the server turned it away, may have closed it so, or owes it an answer to its own Close frame."""
    if closed.code in REFUSAL_CODES and not connection.has_received and not state.deleted:
        connection.was_refused = True
    if (
        not connection.admitted
        or not connection.reads
        or connection.dying is not None
        or state.is_covered(connection, closed.at)
    ):
        return
    if may_close(closed.code, connection, deleted=state.deleted, undelivered=_undelivered(state, connection, closed)):
        return
    if connection.closing is None:
        how = "without a Close frame" if closed.code is None else f"with code {closed.code}"
        text = f"the server closed {connection.user!r} {how}"
        state.find(connection, Kind.DROPPED, "CLOSE-1", text)
    elif closed.code is None:
        text = f"{connection.user!r} sent Close and got no Close frame back"
        state.find(connection, Kind.UNANSWERED_CLOSE, "CLOSE-2", text)


def _undelivered(state: RoomState, connection: StreamingConnection, closed: Closed) -> int:
    """How many messages of the room the server may have had in hand for a connection when it closed it."""
    if closed.code != CloseCode.TOO_FAR_BEHIND:
        return 0
    count = 0
    for sender in state.connections():
        if not state.are_apart(sender, connection):
            got = max(connection.highest_of(sender.column), state.floor(sender, connection) - 1, 0)
            count += max(0, sender.said - got)
    return count

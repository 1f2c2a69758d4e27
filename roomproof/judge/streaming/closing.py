"""Checks of how a connection under load was closed (CLOSE-1, CLOSE-2)."""

from roomproof.history import Closed
from roomproof.judge import classification, facts, texts
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.state import RoomState


def judge_close(state: RoomState, connection: StreamingConnection, closed: Closed) -> None:
    """Judge the end of a connection: refused, dropped, or its Close frame unanswered."""
    if facts.was_refused_by_close(closed.code, has_received=connection.has_received_anything, is_deleted=state.deleted):
        connection.was_refused = True
    if state.is_touched_by_fault(connection, closed.at) or _may_close(state, connection, closed):
        return
    if connection.was_closed_by_server:
        violation = classification.dropped(is_deleted=state.deleted)
        state.report(connection, violation, texts.dropped(connection.user, closed.code))
    elif connection.is_close_unanswered:
        state.report(connection, (Kind.UNANSWERED_CLOSE, "CLOSE-2"), texts.unanswered_close(connection.user))


def _may_close(state: RoomState, connection: StreamingConnection, closed: Closed) -> bool:
    return facts.may_close(
        closed.code, connection, is_deleted=state.deleted, undelivered=lambda: _undelivered(state, connection)
    )


def _undelivered(state: RoomState, connection: StreamingConnection) -> int:
    """Number of messages that the server might have in hand for a connection."""
    return sum(
        facts.undelivered(
            sent=sender.sent,
            received=connection.highest_of(sender.column),
            floor=state.floor(sender, connection),
        )
        for sender in state.connections()
        if not state.are_apart(sender, connection)
    )

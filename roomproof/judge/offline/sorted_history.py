"""A history sorted by connections: who was where, when, said what and received what."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from roomproof.history import (
    Closed,
    Closing,
    Deadline,
    Deleting,
    Dying,
    Event,
    FaultWindow,
    HistoryError,
    Opened,
    Opening,
    Reading,
    Received,
    Refused,
    Sent,
    Started,
    Violating,
)
from roomproof.judge.facts import is_in_scope
from roomproof.judge.offline.connection import Item, Receipt, RecordedConnection
from roomproof.spec import messages
from roomproof.spec.limits import FRAME_BYTES, REFUSAL_CODES, CloseCode
from roomproof.spec.rules import Capability


@dataclass(slots=True)
class SortedHistory:
    """A history, sorted. `deadline` is the last one recorded; without any, the time of the last event."""

    started: Started
    connections: dict[int, RecordedConnection]
    deleting: dict[str, int]
    """When the deletion of each deleted room began, by room."""
    faults: list[FaultWindow]
    deadline: int
    rooms: dict[str, list[RecordedConnection]] = field(default_factory=dict)
    """Who asked to be let into each room, in the order of their opening."""

    def declares(self, capability: Capability) -> bool:
        """Whether the target declared a capability."""
        return capability in self.started.capabilities

    def in_room(self, room: str) -> list[RecordedConnection]:
        """The connections that the server took into a room, in the order of their opening."""
        return [one for one in self.rooms.get(room, ()) if one.admitted]

    def maybe_in_room(self, room: str) -> list[RecordedConnection]:
        """The connections that the server may have taken into a room, in the order of their opening."""
        return [one for one in self.rooms.get(room, ()) if one.maybe_admitted]

    def stayed(self, connection: RecordedConnection) -> bool:
        """Whether a connection is due everything up to the deadline. With a room all its memberships end (LEAVE-1)."""
        deleting = self.deleting.get(connection.room)
        return connection.stayed_until(self.deadline) and (deleting is None or deleting > self.deadline)

    def fault_covers(self, connection: RecordedConnection, at: int) -> bool:
        """Whether something that touches a connection was broken on purpose, or had not healed yet."""
        return any(
            window.at <= at <= window.until + window.heal and is_in_scope(window.instances, connection.instance)
            for window in self.faults
        )

    def same_instance(self, left: RecordedConnection, right: RecordedConnection) -> bool:
        """Whether two connections are known to be on one instance. A server that declares no topology is one."""
        if left.instance is None and right.instance is None:
            return not (self.declares(Capability.STICKY) or self.declares(Capability.PUBSUB))
        return left.instance is not None and left.instance == right.instance


def sort(events: Iterable[Event]) -> SortedHistory:
    """Sort the events of one history by connections.

    Raises HistoryError for an event of a connection that never began to open, and for one that opens twice.
    """
    run = SortedHistory(Started(), {}, {}, [], deadline=0)
    last = 0
    deadline: int | None = None
    for event in events:
        match event:
            case Started():
                run.started = event
                continue
            case Deleting():
                run.deleting.setdefault(event.room, event.at)
            case FaultWindow():
                run.faults.append(event)
            case Deadline():
                deadline = event.at
            case Opening():
                if event.connection in run.connections:
                    raise HistoryError(f"connection {event.connection} opens twice")
                connection = run.connections[event.connection] = RecordedConnection(event.connection, event)
                run.rooms.setdefault(connection.room, []).append(connection)
            case _:
                if event.connection not in run.connections:
                    raise HistoryError(f"connection {event.connection} does something before it opens: {event}")
                _live(run.connections[event.connection], event)
        last = max(last, event.at)
    run.deadline = last if deadline is None else deadline
    for connection in run.connections.values():
        connection.was_refused = _was_refused(connection, run.deleting.get(connection.room))
    return run


def _was_refused(connection: RecordedConnection, deleting: int | None) -> bool:
    """Whether the server refused it: by a status, or by a refusal's code in place of any frame (but see CLOSE-3).

    A connection that sent bad frames may instead have been shut out for them, by a server that answers none (FRAME-3).
    """
    if connection.refused is not None:
        return connection.refused.status is not None
    closed = connection.closed
    if closed is None or closed.code not in REFUSAL_CODES or connection.receipts:
        return False
    if closed.code == CloseCode.POLICY_VIOLATION and (connection.bad or connection.perhaps):
        return False
    return deleting is None or closed.at < deleting


def _live(
    connection: RecordedConnection,
    event: Opened | Refused | Sent | Received | Violating | Reading | Closing | Dying | Closed,
) -> None:
    match event:
        case Sent():
            _say(connection, event)
        case Received():
            connection.receipts.append(Receipt(event, messages.read(event.frame)))
        case _:
            connection.live(event)


def _say(connection: RecordedConnection, event: Sent) -> None:
    frame = event.frame
    connection.sent_oversized |= len(frame if isinstance(frame, bytes) else frame.encode()) > FRAME_BYTES
    match messages.read_sent(event.frame):
        case messages.Valid(content):
            connection.said.append(Item(len(connection.said) + 1, content, event))
        case messages.Perhaps(content):
            connection.perhaps.append(content)
        case messages.Ping():
            connection.pings += 1
        case messages.Bad() as bad:
            connection.bad.append(bad)

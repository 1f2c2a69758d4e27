"""A history sorted by connections, rooms and faults."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from roomproof.dialects.frames import Frames
from roomproof.dialects.native import native
from roomproof.dialects.reader import frames_of
from roomproof.errors import UsageError
from roomproof.history import (
    Answered,
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
    Requested,
    Sent,
    Started,
    Violating,
)
from roomproof.judge.facts import are_together, is_in_scope, is_one_instance, was_refused_by_close
from roomproof.judge.offline.connection import Receipt, RecordedConnection, SentMessage
from roomproof.spec import messages
from roomproof.spec.limits import FRAME_BYTES
from roomproof.spec.rules import Capability, Need


@dataclass(slots=True)
class SortedHistory:
    """A history, sorted.

    `deadline` is the last one recorded; without any, the time of the last event.
    """

    started: Started
    connections: dict[int, RecordedConnection]
    deleting: dict[str, int]
    """Time at which the deletion of each deleted room began, by room."""
    faults: list[FaultWindow]
    deadline: int
    frames: Frames = field(default_factory=lambda: native().frames)
    """How the service frames what is said."""
    rooms: dict[str, list[RecordedConnection]] = field(default_factory=dict)
    """The connections that asked for each room, in the order of their opening."""

    def declares(self, capability: Capability) -> bool:
        """Whether the target declared a capability."""
        return capability in self.started.capabilities

    def lacks(self, need: Need) -> bool:
        """Whether the service lacks something."""
        return need in self.started.without

    @property
    def one_instance(self) -> bool:
        """Whether the target is one instance."""
        return is_one_instance(self.started.capabilities)

    def in_room(self, room: str) -> list[RecordedConnection]:
        """The connections that the server accepted in a room, in order of opening."""
        return [one for one in self.rooms.get(room, ()) if one.admitted]

    def maybe_in_room(self, room: str) -> list[RecordedConnection]:
        """The connections that the server might have accepted, in order of opening."""
        return [one for one in self.rooms.get(room, ()) if one.maybe_admitted]

    def stays(self, connection: RecordedConnection) -> bool:
        """Whether a connection is due everything up to the deadline.

        All memberships of a room end when it is deleted (LEAVE-1).
        """
        return connection.is_reading(self.deadline) and not self.is_deleted(connection.room, self.deadline)

    def is_deleted(self, room: str, at: int) -> bool:
        """Whether the deletion of a room had begun by some time."""
        deleting = self.deleting.get(room)
        return deleting is not None and deleting <= at

    def is_touched_by_fault(self, connection: RecordedConnection, at: int) -> bool:
        """Whether a fault touched a connection at some time, or had not healed yet."""
        return any(
            window.at <= at <= window.until + window.heal and is_in_scope(window.instances, connection.instance)
            for window in self.faults
        )

    def are_together(self, one: RecordedConnection, other: RecordedConnection) -> bool:
        """Whether two connections are known to be on the same instance."""
        return are_together(one.instance, other.instance, one_instance=self.one_instance)


def sort(events: Iterable[Event]) -> SortedHistory:
    """Sort the events of one history.

    Raises HistoryError for an event of a connection that never began to open, and for one that opens twice.
    """
    history = SortedHistory(Started(), {}, {}, [], deadline=0)
    last = 0
    deadline: int | None = None
    for event in events:
        if isinstance(event, Requested | Answered):
            continue  # only scenarios judge HTTP
        if isinstance(event, Started):
            history.started = event
            history.frames = _frames_of(event)
            continue
        if isinstance(event, Deadline):
            deadline = event.at
        else:
            _add(history, event)
        last = max(last, event.at)
    history.deadline = last if deadline is None else deadline
    for connection in history.connections.values():
        _find_refusal(history, connection)
    return history


def _add(
    history: SortedHistory,
    event: Deleting
    | FaultWindow
    | Opening
    | Opened
    | Refused
    | Sent
    | Received
    | Violating
    | Reading
    | Closing
    | Dying
    | Closed,
) -> None:
    match event:
        case Deleting():
            history.deleting.setdefault(event.room, event.at)
        case FaultWindow():
            history.faults.append(event)
        case Opening():
            if event.connection in history.connections:
                raise HistoryError(f"connection {event.connection} opens twice")
            connection = history.connections[event.connection] = RecordedConnection(event.connection, event)
            history.rooms.setdefault(connection.room, []).append(connection)
        case _:
            if event.connection not in history.connections:
                raise HistoryError(f"connection {event.connection} does something before it opens: {event}")
            _record(history.frames, history.connections[event.connection], event)


def _frames_of(started: Started) -> Frames:
    """The frames of the dialect that a history names. Raises HistoryError."""
    if not started.dialect and not started.without:
        return native().frames
    try:
        return frames_of(started.dialect, started.without)
    except UsageError as error:
        raise HistoryError(f"the dialect of this history cannot be read: {error}") from error


def _record(
    frames: Frames,
    connection: RecordedConnection,
    event: Opened | Refused | Sent | Received | Violating | Reading | Closing | Dying | Closed,
) -> None:
    match event:
        case Sent():
            _record_sent(frames, connection, event)
        case Received():
            connection.receipts.append(Receipt(event, _read(frames, connection, event)))
        case Violating(is_masked=False):
            connection.record(event)
            _record_unmasked(frames, connection, event.payload)
        case _:
            connection.record(event)


def _read(frames: Frames, connection: RecordedConnection, event: Received) -> messages.Frame:
    frame = frames.read(event.frame, connection.room)
    if isinstance(frame, messages.Unmatched):
        expected = "frames that the dialect of the target names"
        raise HistoryError(f"expected {expected}, got {frame.frame}: {frame.reason}; add it to [[hear]]")
    return frame


def _record_sent(frames: Frames, connection: RecordedConnection, event: Sent) -> None:
    frame = event.frame
    connection.has_sent_oversized |= len(frame if isinstance(frame, bytes) else frame.encode()) > FRAME_BYTES
    connection.has_sent_deep |= messages.is_deep(frame)
    match frames.read_sent(frame):
        case messages.Valid(content):
            connection.sent.append(SentMessage(len(connection.sent) + 1, content, event))
        case messages.Perhaps(content):
            connection.doubtful.append(content)
        case messages.Ping():
            connection.pings += 1
        case messages.Bad() as bad:
            connection.bad_frames.append(bad)


def _record_unmasked(frames: Frames, connection: RecordedConnection, payload: bytes) -> None:
    """Record the message of an unmasked frame: a server may broadcast it (FRAME-9)."""
    match frames.read_sent(payload.decode(errors="replace")):
        case messages.Valid(content) | messages.Perhaps(content):
            connection.doubtful.append(content)


def _find_refusal(history: SortedHistory, connection: RecordedConnection) -> None:
    """Mark a connection as refused if the server accepted it only to close it at once."""
    closed = connection.closed
    if connection.refused is not None or closed is None:
        return
    connection.was_refused = was_refused_by_close(
        closed.code,
        has_received=bool(connection.receipts),
        is_deleted=history.is_deleted(connection.room, closed.at),
        has_sent_bad_frame=connection.has_sent_bad_frame,
    )

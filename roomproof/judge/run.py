"""A history sorted by connections: who was where, when, said what and received what."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from roomproof import wire
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
)
from roomproof.protocol import Capability

REFUSAL_CODES = frozenset({1008, 4004})
"""With these an accepted connection is closed, before any other frame, to refuse it (REFUSE-1, REFUSE-3)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A valid message that a connection said. Numbers start at 1: item 0 is its join notice."""

    number: int
    content: str
    sent: Sent


@dataclass(frozen=True, slots=True)
class Receipt:
    """A frame that a connection received, decoded."""

    event: Received
    frame: wire.Frame

    @property
    def at(self) -> int:
        """When it had been received."""
        return self.event.at


@dataclass(slots=True)
class Connection:
    """One connection's life. Its stream is item 0 (join notice), its messages 1 to n, item n + 1 (leave notice)."""

    number: int
    opening: Opening
    opened: Opened | None = None
    refused: Refused | None = None
    closing: Closing | None = None
    dying: Dying | None = None
    closed: Closed | None = None
    turned_away: bool = False
    """Refused by the server, in the handshake or by closing it at once."""
    reads: bool = True
    paused_before: bool = False
    said: list[Item] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)
    bad: list[wire.Bad] = field(default_factory=list)
    pings: int = 0
    sent_oversized: bool = False
    """It sent a frame beyond what every server accepts."""
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def room(self) -> str:
        """The id of the room that it asked for."""
        return self.opening.room

    @property
    def user(self) -> str:
        """Its user id; empty where it gave none."""
        return self.opening.user or ""

    @property
    def instance(self) -> str | None:
        """The instance that answered its handshake, where that is known."""
        return self.opened.instance if self.opened else None

    @property
    def member(self) -> bool:
        """Whether the server took it in."""
        return self.opened is not None and not self.turned_away

    @property
    def join(self) -> int:
        """The number of its join notice."""
        return 0

    @property
    def leave(self) -> int:
        """The number of its leave notice."""
        return len(self.said) + 1

    @property
    def ended_at(self) -> int | None:
        """When its end began, as the history knows it: the earliest of closing, dying and closed."""
        ends = [event.at for event in (self.closing, self.dying, self.closed) if event is not None]
        return min(ends, default=None)

    @property
    def closed_cleanly(self) -> bool:
        """Whether it ended by a closing handshake that it began itself and that the server answered."""
        return (
            self.closing is not None and self.dying is None and self.closed is not None and self.closed.code is not None
        )

    @property
    def life(self) -> tuple[Event, ...]:
        """The events of its beginning and its end, as a witness."""
        events = (self.opening, self.opened, self.closing, self.dying, self.closed)
        return tuple(event for event in events if event is not None)

    def stayed_until(self, deadline: int) -> bool:
        """Whether it was a reading member when the deadline was over."""
        return self.reads and (self.ended_at is None or self.ended_at > deadline)

    def said_at(self, item: int) -> int | None:
        """When it began to say an item: the opening for its join notice; None for a leave that the server caused."""
        if item == self.join:
            return self.opening.at
        if item < self.leave:
            return self.said[item - 1].sent.at
        own = [event.at for event in (self.closing, self.dying) if event is not None]
        return min(own, default=None)


@dataclass(slots=True)
class Run:
    """A history, sorted. `deadline` is the last one recorded; without any, the time of the last event."""

    started: Started
    connections: dict[int, Connection]
    deleting: dict[str, int]
    """When the deletion of each deleted room began, by room."""
    faults: list[FaultWindow]
    deadline: int

    def declares(self, capability: Capability) -> bool:
        """Whether the target declared a capability."""
        return capability in self.started.capabilities

    def in_room(self, room: str) -> list[Connection]:
        """The connections that the server took into a room, in the order of their opening."""
        return [one for one in self.connections.values() if one.room == room and one.member]

    def same_instance(self, left: Connection, right: Connection) -> bool:
        """Whether two connections are known to be on one instance. A server that declares no topology is one."""
        if left.instance is None and right.instance is None:
            return not (self.declares(Capability.STICKY) or self.declares(Capability.PUBSUB))
        return left.instance is not None and left.instance == right.instance


def sort(events: Iterable[Event]) -> Run:
    """Sort the events of one history by connections.

    Raises HistoryError for an event of a connection that never began to open, and for one that opens twice.
    """
    run = Run(Started(), {}, {}, [], deadline=0)
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
                run.connections[event.connection] = Connection(event.connection, event)
            case _:
                if event.connection not in run.connections:
                    raise HistoryError(f"connection {event.connection} does something before it opens: {event}")
                _live(run.connections[event.connection], event)
        last = max(last, event.at)
    run.deadline = last if deadline is None else deadline
    for connection in run.connections.values():
        connection.turned_away = _turned_away(connection, run.deleting.get(connection.room))
    return run


def _turned_away(connection: Connection, deleting: int | None) -> bool:
    """Whether the server refused it: by a status, or by a refusal's code in place of any frame (but see CLOSE-3)."""
    if connection.refused is not None:
        return connection.refused.status is not None
    closed = connection.closed
    if closed is None or closed.code not in REFUSAL_CODES or connection.receipts:
        return False
    return deleting is None or closed.at < deleting


def _live(
    connection: Connection, event: Opened | Refused | Sent | Received | Reading | Closing | Dying | Closed
) -> None:
    match event:
        case Opened():
            connection.opened = event
        case Refused():
            connection.refused = event
        case Sent():
            _say(connection, event)
        case Received():
            connection.receipts.append(Receipt(event, wire.read(event.frame)))
        case Reading():
            connection.reads = event.reads
            connection.paused_before |= not event.reads
        case Closing():
            connection.closing = event
        case Dying():
            connection.dying = event
        case Closed():
            connection.closed = event
        case _:
            assert_never(event)


def _say(connection: Connection, event: Sent) -> None:
    frame = event.frame
    connection.sent_oversized |= len(frame if isinstance(frame, bytes) else frame.encode()) > wire.FRAME_BYTES
    match wire.read_sent(event.frame):
        case wire.Valid(content):
            connection.said.append(Item(len(connection.said) + 1, content, event))
        case wire.Perhaps(content):
            connection.perhaps.append(content)
        case wire.Ping():
            connection.pings += 1
        case wire.Bad() as bad:
            connection.bad.append(bad)

"""A history, told to the streaming judge as a load generator would tell it."""

from msgspec import structs

from roomproof.dialects.reader import frames_of
from roomproof.history import (
    Answered,
    Deadline,
    Deleting,
    Event,
    FaultWindow,
    Opening,
    Received,
    Requested,
    Sent,
    Started,
    Violating,
)
from roomproof.judge.findings import Finding
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.message_id import read_id
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.spec import messages

NEVER = 2**62


def in_turn(events: list[Event]) -> list[Event]:
    """Return the history with distinct times, in the order in which it was told."""
    told: list[Event] = []
    now = -1
    for event in events:
        match event:
            case Started():
                told.append(event)
            case FaultWindow(at, until, heal):
                told.append(structs.replace(event, at=2 * at - 1, until=2 * until - 1, heal=2 * heal))
            case _:
                now = max(now + 2, 2 * event.at)
                told.append(structs.replace(event, at=now))
    return told


class Feed:
    """Tells a history, event by event."""

    def __init__(self, events: list[Event], deadline: int) -> None:
        self.deadline = deadline
        self.started = next(event for event in events if isinstance(event, Started))
        self.rooms: dict[str, StreamingRoom] = {}
        self.connections: dict[int, StreamingConnection] = {}
        self.window = next((event for event in events if isinstance(event, FaultWindow)), None)
        self.fault_windows: dict[str, LiveFaultWindow] = {}
        self.mended = False
        self.provoking = {
            event.connection
            for event in events
            if isinstance(event, Sent) and not isinstance(messages.read_sent(event.frame), messages.Valid)
        }
        """Connections that send bad frames: the errors that they receive are none of the streaming judge's business."""
        frames = frames_of(self.started.dialect, self.started.without) if self.started.without else None
        for room in {event.room for event in events if isinstance(event, Opening | Deleting)}:
            self.rooms[room] = StreamingRoom(room, self.started, deadline, frames=frames)
        for event in events:
            if not isinstance(event, Started | FaultWindow):
                self._look_at_the_clock(event.at)
                self._tell(event)

    def findings(self) -> list[Finding]:
        """The findings of the streaming judge."""
        return [finding for room in self.rooms.values() for finding in room.finish().findings]

    def _look_at_the_clock(self, now: int) -> None:
        window = self.window
        for name, room in self.rooms.items():
            if window is not None and now >= window.at and name not in self.fault_windows:
                self.fault_windows[name] = room.begin_fault(window.at, window.instances)
            if window is not None and now > window.until and not self.mended:
                room.end_fault(self.fault_windows[name], window.until, window.heal)
            room.sweep(now)
        self.mended = window is not None and now > window.until

    def _tell(self, event: Event) -> None:
        match event:
            case Opening(number, _, room):
                self.connections[number] = self.rooms[room].connect(event)
            case Sent(number, at):
                sending = messages.read_sent(event.frame)
                if isinstance(sending, messages.Valid):
                    self._compose(number, sending.content, at)
            case Received(number, at, str(text)):
                if number not in self.provoking or not isinstance(messages.read(text), messages.Error):
                    self._room_of(number).receive(self.connections[number], text.encode(), at)
            case Received(number, at, _, bytes(binary)):
                malformed = messages.read(binary)
                assert isinstance(malformed, messages.Malformed)
                self._room_of(number).receive_malformed(self.connections[number], binary, malformed.reason, at)
            case Deleting(_, room):
                self.rooms[room].mark_deleted()
            case Deadline() | Started() | FaultWindow() | Received() | Violating() | Requested() | Answered():
                pass
            case _:
                self._room_of(event.connection).observe(self.connections[event.connection], event)

    def _compose(self, number: int, content: str, at: int) -> None:
        """Tell of a message. The streaming judge must compose the same content."""
        message_id = read_id(content)
        assert message_id is not None, f"expected a content with a message id, got {content!r}"
        words = content.partition(" ")[2]
        composed = self._room_of(number).compose(self.connections[number], words, at, message_id.scheduled)
        assert composed == content

    def _room_of(self, number: int) -> StreamingRoom:
        return self.rooms[self.connections[number].room]

"""A room under load, told by hand to the streaming judge only, as bytes.

`talk` is a fixture. A test that takes it says with the mark `one_judge` why a tale, for both judges, would not do.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from roomproof.dialects.reader import frames_of
from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.judge.streaming.tally import Tally
from tests.unit.judge.tale import EPOCH, MILLISECOND, Found, stamp

DEADLINE = 5_000 * MILLISECOND


@dataclass
class Talk:
    """A room, and a clock that advances by a millisecond with each event."""

    clock: int = 0
    count: int = 0
    room: StreamingRoom = field(init=False)

    def __post_init__(self) -> None:
        self.declares()

    def declares(self, *capabilities: str) -> None:
        """The server declares these capabilities; nobody has come yet."""
        self.room = StreamingRoom("kitchen", Started(epoch=EPOCH, capabilities=list(capabilities)), DEADLINE)

    def lacks(self, *needs: str) -> None:
        """The service lacks something; nobody has come yet."""
        started = Started(epoch=EPOCH, without=list(needs))
        self.room = StreamingRoom("kitchen", started, DEADLINE, frames=frames_of({}, needs))

    def tick(self) -> int:
        """The time of the next event."""
        self.clock += MILLISECOND
        return self.clock

    def opens(self, user: str) -> StreamingConnection:
        """A connection begins its handshake."""
        self.count += 1
        return self.room.connect(Opening(self.count, self.tick(), "kitchen", user))

    def joins(self, user: str, instance: str | None = None) -> StreamingConnection:
        """A connection is let in."""
        connection = self.opens(user)
        self.room.observe(connection, Opened(connection.number, self.tick(), instance))
        return connection

    def meet(self, *users: str) -> list[StreamingConnection]:
        """People join, and everyone who came before hears of it, they themselves too."""
        connections: list[StreamingConnection] = []
        for user in users:
            connections.append(self.joins(user))
            self.all_hear(connections, self.notice(connections[-1], "joined"))
        return connections

    def says(self, connection: StreamingConnection, words: str = "soup", **changes: Any) -> bytes:
        """Somebody says something; what the server tells everyone of it is returned."""
        content = self.room.compose(connection, words, self.tick())
        return self.frame(**{"type": "message", "content": content, "sender_id": connection.user, **changes})

    def notice(self, connection: StreamingConnection, kind: str) -> bytes:
        """Return the frame with the notice of a join or a leave."""
        return self.frame(type="system", content=f"{connection.user} {kind} the chat")

    def frame(self, **fields: Any) -> bytes:
        """A frame as the server sends it."""
        return json.dumps({"chat_id": "kitchen", "timestamp": stamp(self.clock), **fields}).encode()

    def hears(self, connection: StreamingConnection, *frames: bytes) -> None:
        """A receiver gets frames."""
        for frame in frames:
            self.room.receive(connection, bytes(bytearray(frame)), self.tick())

    def all_hear(self, connections: list[StreamingConnection], *frames: bytes) -> None:
        """Receivers get frames, one receiver after the other."""
        for connection in connections:
            self.hears(connection, *frames)

    def reads(self, connection: StreamingConnection, *, reads: bool) -> None:
        """A receiver stops or begins again to read."""
        self.room.observe(connection, Reading(connection.number, self.tick(), reads))

    def leaves(self, connection: StreamingConnection) -> bytes:
        """A client closes cleanly; its leave notice is returned."""
        for event in (Closing(connection.number, self.tick(), 1000), Closed(connection.number, self.tick(), 1000)):
            self.room.observe(connection, event)
        return self.notice(connection, "left")

    def dies(self, connection: StreamingConnection) -> None:
        """The link of a client ends without a Close frame."""
        self.room.observe(connection, Dying(connection.number, self.tick(), "rst"))

    def passes(self, milliseconds: int) -> None:
        """Time passes, and what ended long ago is settled."""
        self.clock += milliseconds * MILLISECOND
        self.room.sweep(self.clock)

    def tally(self) -> Tally:
        """Return the tally of the run."""
        return self.room.finish()

    def findings(self) -> list[Found]:
        """Return the findings of the run."""
        return [Found(one.kind, one.rule, one.receiver, one.stream, one.item) for one in self.tally().findings]

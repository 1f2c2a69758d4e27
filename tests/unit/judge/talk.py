"""A room under load, told by hand to the streaming form: like tale.py, but the frames are bytes and nothing is kept."""

import json
from dataclasses import dataclass, field
from typing import Any

from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Refused, Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.judge.streaming.tally import Tally
from tests.unit.judge.tale import EPOCH, MILLISECOND, Found, stamp

DEADLINE = 5_000 * MILLISECOND


@dataclass
class Talk:
    """A room, and a clock that advances by a millisecond with each event."""

    capabilities: tuple[str, ...] = ()
    clock: int = 0
    count: int = 0
    room: StreamingRoom = field(init=False)

    def __post_init__(self) -> None:
        started = Started(epoch=EPOCH, capabilities=list(self.capabilities))
        self.room = StreamingRoom("kitchen", started, DEADLINE)

    def tick(self) -> int:
        """The time of the next event."""
        self.clock += MILLISECOND
        return self.clock

    def opens(self, user: str) -> StreamingConnection:
        """A connection begins its handshake."""
        self.count += 1
        return self.room.open(Opening(self.count, self.tick(), "kitchen", user))

    def joins(self, user: str, instance: str | None = None) -> StreamingConnection:
        """A connection is let in."""
        line = self.opens(user)
        self.room.observe(line, Opened(line.number, self.tick(), instance))
        return line

    def meet(self, *users: str) -> list[StreamingConnection]:
        """People join, and everyone who came before hears of it, they themselves too."""
        lines: list[StreamingConnection] = []
        for user in users:
            lines.append(self.joins(user))
            self.all_hear(lines, self.notice(lines[-1], "joined"))
        return lines

    def says(self, line: StreamingConnection, words: str = "soup", **changes: Any) -> bytes:
        """Somebody says something; what the server tells everyone of it is returned."""
        content = self.room.say(line, words, self.tick())
        return self.frame(**{"type": "message", "content": content, "sender_id": line.user, **changes})

    def notice(self, line: StreamingConnection, kind: str) -> bytes:
        """What the server tells of somebody's coming or going."""
        return self.frame(type="system", content=f"{line.user} {kind} the chat")

    def frame(self, **fields: Any) -> bytes:
        """A frame as the server sends it."""
        return json.dumps({"chat_id": "kitchen", "timestamp": stamp(self.clock), **fields}).encode()

    def hears(self, line: StreamingConnection, *frames: bytes) -> None:
        """A receiver gets frames."""
        for frame in frames:
            self.room.received(line, bytes(bytearray(frame)), self.tick())

    def all_hear(self, lines: list[StreamingConnection], *frames: bytes) -> None:
        """Receivers get frames, one receiver after the other."""
        for line in lines:
            self.hears(line, *frames)

    def refuses(self, line: StreamingConnection, status: int | None) -> None:
        """The handshake is answered with another status, or not at all."""
        self.room.observe(line, Refused(line.number, self.tick(), status, ""))

    def reads(self, line: StreamingConnection, *, reads: bool) -> None:
        """A receiver stops or begins again to read."""
        self.room.observe(line, Reading(line.number, self.tick(), reads))

    def begins_to_close(self, line: StreamingConnection) -> None:
        """A client sends its Close frame."""
        self.room.observe(line, Closing(line.number, self.tick(), 1000))

    def is_closed(self, line: StreamingConnection, code: int | None) -> None:
        """A client receives a Close frame, or its link ends without one."""
        self.room.observe(line, Closed(line.number, self.tick(), code))

    def leaves(self, line: StreamingConnection) -> bytes:
        """A client closes cleanly; its leave notice is returned."""
        self.begins_to_close(line)
        self.is_closed(line, 1000)
        return self.notice(line, "left")

    def dies(self, line: StreamingConnection) -> bytes:
        """A client ends the link without a Close frame; its leave notice is returned."""
        self.room.observe(line, Dying(line.number, self.tick(), "rst"))
        return self.notice(line, "left")

    def passes(self, milliseconds: int) -> None:
        """Time passes, and what ended long ago is settled."""
        self.clock += milliseconds * MILLISECOND
        self.room.sweep(self.clock)

    def ledger(self) -> Tally:
        """What the run comes to."""
        return self.room.finish()

    def findings(self) -> list[Found]:
        """What is held against the server."""
        return [Found(one.kind, one.rule, one.receiver, one.stream, one.item) for one in self.ledger().findings]

"""The times of a message's first and last receipt (the streaming judge)."""

import json

from roomproof.history import Opened, Opening, Started
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.frame_cache import on_the_wire
from roomproof.judge.streaming.room import StreamingRoom

STAMP = "1970-01-01T00:00:00Z"


class Kitchen:
    """A room with a few people, each on an instance."""

    def __init__(self, *instances: str | None, cached_frames: int = 64) -> None:
        capabilities = ["pubsub"] if any(instances) else []
        self.room = StreamingRoom("kitchen", Started(capabilities=capabilities), 5, cached_frames=cached_frames)
        self.connections: list[StreamingConnection] = []
        for number, instance in enumerate(instances, start=1):
            connection = self.room.connect(Opening(number, 0, "kitchen", f"user-{number}"))
            self.room.observe(connection, Opened(number, 0, instance))
            self.connections.append(connection)
        for connection in self.connections:  # everybody is known to be there
            self.hears(connection, self.says(connection, scheduled=0), at=0)

    @property
    def timings(self) -> list[tuple[int, int]]:
        """Return the times to the first and last receipt of each message.

        They count from the scheduled time, for messages that everybody has.
        """
        tally = self.room.finish()
        return [(one.first - one.scheduled, one.last - one.scheduled) for one in tally.spent]

    def says(self, sender: StreamingConnection, *, scheduled: int) -> str:
        return self.room.compose(sender, "soup ", 0, scheduled)

    def hears(self, receiver: StreamingConnection, content: str, *, at: int, extra: int = 0) -> None:
        sender = content.split("/")[1]
        fields = {"type": "message", "content": content, "sender_id": f"user-{sender}", "chat_id": "kitchen"}
        frame = json.dumps(fields | {"timestamp": STAMP} | ({"extra": extra} if extra else {})).encode()
        wire = on_the_wire(frame)
        if self.room.follow(receiver, wire, at) < len(wire):
            self.room.receive(receiver, frame, at)


def test_the_same_bytes_for_everybody() -> None:
    kitchen = Kitchen(None, None, None)
    words = kitchen.says(kitchen.connections[0], scheduled=100)

    for receiver, at in zip(kitchen.connections, (150, 160, 170), strict=True):
        kitchen.hears(receiver, words, at=at)

    assert kitchen.timings == [(50, 70)]


def test_other_bytes_for_each_receiver() -> None:
    kitchen = Kitchen(None, None, None)
    words = kitchen.says(kitchen.connections[0], scheduled=100)

    for number, receiver in enumerate(kitchen.connections, start=1):
        kitchen.hears(receiver, words, at=100 + 10 * number, extra=number)

    assert kitchen.timings == [(10, 30)]


def test_receivers_on_two_instances() -> None:
    kitchen = Kitchen("one", "one", "two")
    words = kitchen.says(kitchen.connections[0], scheduled=100)

    for receiver, at in zip(kitchen.connections, (110, 120, 190), strict=True):
        kitchen.hears(receiver, words, at=at)

    assert kitchen.timings == [(10, 90)]


def test_what_was_forgotten_too_early_has_no_last_receiver() -> None:
    kitchen = Kitchen(None, None, cached_frames=4)
    quick, slow = kitchen.connections
    words = [kitchen.says(quick, scheduled=100) for _ in range(20)]

    for content in words:
        kitchen.hears(quick, content, at=110)
    for content in words:
        kitchen.hears(slow, content, at=900)

    tally = kitchen.room.finish()
    assert (len(tally.spent), tally.untimed) == (0, 20)

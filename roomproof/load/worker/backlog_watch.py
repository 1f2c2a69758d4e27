"""Watches deliveries that are due and have not arrived, at a bounded cost."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.outstanding import Outstanding
from roomproof.load.figures.backlog import SHOWN_USERS, Backlog, sum_of
from roomproof.load.worker.room import LoadRoom

BUDGET_S = 0.005
"""Seconds that each look may take, which is about half a percent of the time between two."""


@dataclass(slots=True)
class _SenderMarks:
    """When how many messages of one sender had been sent.

    Invariants: `marks` ascend in time; only the first one can be older than a deadline. All messages up to its number
    are overdue, if it is.
    """

    marks: deque[tuple[float, int]] = field(default_factory=deque)
    """The time of each look, and the number of messages sent by then."""
    oldest: tuple[int, float] = (0, 0.0)
    """The lowest message that was overdue at the last look, and a time by which it had been sent."""

    def note(self, at: float, sent: int, deadline: float) -> int:
        """Note the messages sent by now; return the last overdue one."""
        self.marks.append((at, sent))
        while len(self.marks) > 1 and self.marks[1][0] <= at - deadline:
            self.marks.popleft()
        first_at, first = self.marks[0]
        return first if first_at <= at - deadline else 0

    def sent_by(self, lowest: int) -> float:
        """Return a time by which the lowest overdue message had been sent."""
        if self.oldest[0] != lowest:
            self.oldest = lowest, next(at for at, sent in self.marks if sent >= lowest)
        return self.oldest[1]


class _RoomWatch:
    """The backlog of one room, as of the last complete look at it."""

    def __init__(self, room: LoadRoom, deadline: float) -> None:
        self.backlog = Backlog()
        self._room = room
        self._deadline = deadline
        self._marks: dict[StreamingConnection, _SenderMarks] = {}
        self._lacking: set[StreamingConnection] = set()
        """Senders of whom something was missing at the last look; they can have ended since."""

    def look(self, now: float) -> Iterator[None]:
        """Look at all members, and yield after each; then update the backlog."""
        senders = {sender for sender, _ in self._room.judge.sent_counts()} | self._lacking
        self._marks = {sender: self._marks.get(sender) or _SenderMarks() for sender in senders}
        borders = {sender: marks.note(now, sender.sent, self._deadline) for sender, marks in self._marks.items()}
        lacked: list[Outstanding] = []
        for missing in self._room.judge.outstanding():
            lacked += missing
            yield
        self._lacking = {one.sender for one in lacked}
        late = [(one, count) for one in lacked if (count := one.count(borders.get(one.sender, 0)))]
        self.backlog = Backlog(
            sum(len(one.holes) + len(one.tail) for one in lacked),
            sum(count for _, count in late),
            now - min((self._marks[one.sender].sent_by(one.lowest) for one, _ in late), default=now),
            list(dict.fromkeys(one.receiver.user for one, _ in late))[:SHOWN_USERS],
        )


class BacklogWatch:
    """The backlog of all rooms of a worker. Call `look` once a second."""

    def __init__(self, rooms: list[LoadRoom], deadline: float) -> None:
        """`rooms` is the list of all rooms, which grows; `deadline` is in seconds."""
        self._rooms = rooms
        self._deadline = deadline
        self._watches: list[_RoomWatch] = []
        self._rounds = self._look_around()

    def look(self) -> Backlog:
        """Look on where the last look ended, for BUDGET_S at most; return what is known."""
        until = time.monotonic() + BUDGET_S
        for is_round_complete in self._rounds:
            if is_round_complete or time.monotonic() > until:
                break
        return sum_of(watch.backlog for watch in self._watches)

    def _look_around(self) -> Iterator[bool]:
        """Look at all rooms again and again; yield whether a round is complete."""
        while True:
            self._watches += [_RoomWatch(room, self._deadline) for room in self._rooms[len(self._watches) :]]
            for watch in self._watches:
                for _ in watch.look(time.monotonic()):
                    yield False
            yield True

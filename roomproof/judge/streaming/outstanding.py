"""Messages that are due in a room and have not arrived so far.

The live display of a load run shows them. Whether they are lost is decided by the final accounting.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from roomproof.judge.streaming.connection import EXCUSED, StreamingConnection
from roomproof.judge.streaming.state import FIRST_MESSAGE, RoomState


@dataclass(frozen=True, slots=True)
class Outstanding:
    """The messages of one sender that one receiver is due and lacks."""

    sender: StreamingConnection
    receiver: StreamingConnection
    holes: tuple[int, ...]
    """Numbers of messages that a later item overtook."""
    tail: range
    """Numbers of the messages after the last one received."""

    @property
    def lowest(self) -> int:
        """The lowest number of a message that is missing."""
        return min(self.holes, default=self.tail.start)

    def count(self, last: int) -> int:
        """Return the number of missing messages up to this one."""
        holes = sum(item <= last for item in self.holes)
        return holes + max(0, min(self.tail.stop, last + 1) - self.tail.start)


def outstanding(state: RoomState) -> Iterator[list[Outstanding]]:
    """Yield what each receiver lacks, one after the other.

    The messages are those that had been sent when the first one was asked for. A receiver without evidence of
    membership lacks its own, if there is an echo.
    """
    columns = list(state.columns)
    last_due = [-1 if sender is None else sender.last_due for sender in columns]
    for receiver in list(state.receivers):
        if not receiver.admitted or not state.stays(receiver):
            continue
        if receiver.evidence_at is None:
            tail = range(FIRST_MESSAGE, receiver.sent + 1) if state.has_echo else range(0)
            yield [Outstanding(receiver, receiver, (), tail)] if tail else []
            continue
        pairs = enumerate(zip(receiver.expected, last_due, strict=False))  # columns may have been added since
        behind = {column for column, (following, last) in pairs if 0 <= following <= last}
        behind |= {column for column, holes in receiver.holes.items() if holes and column < len(columns)}
        yield [*_missing_at(state, receiver, [(columns[column], last_due[column]) for column in behind])]


def _missing_at(
    state: RoomState, receiver: StreamingConnection, due: list[tuple[StreamingConnection | None, int]]
) -> Iterator[Outstanding]:
    """Yield what a receiver lacks of senders, each with its last message due."""
    for sender, last in due:
        if sender is None or state.columns[sender.column] is not sender or not state.is_audience(sender, receiver):
            continue
        if not state.is_due_to(sender, receiver):
            continue
        following = receiver.expected[sender.column]
        overtaken = receiver.holes.get(sender.column, {}).items()
        holes = tuple(item for item, at in overtaken if at != EXCUSED and FIRST_MESSAGE <= item <= last)
        tail = range(max(following, FIRST_MESSAGE), last + 1) if following >= 0 else range(0)
        if holes or tail:
            yield Outstanding(sender, receiver, holes, tail)

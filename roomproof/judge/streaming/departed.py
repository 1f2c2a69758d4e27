"""Senders that ended long ago, and what an item of them that still arrives breaks."""

from dataclasses import dataclass

from roomproof.judge import classification
from roomproof.judge.classification import Part, Violation
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.state import RoomState

KEPT_DEPARTED = 1_000
"""Number of departed senders that are remembered in a room."""


@dataclass(frozen=True, slots=True)
class DepartedSender:
    """A sender whose stream is settled."""

    number: int
    opened_at: int
    """Time at which it began to open."""
    ended_at: int
    settled_at: int
    is_whole: bool
    """Whether every receiver had received all that it was due of this sender."""
    was_received: bool
    """Whether anyone had received any item of it."""
    has_left: bool
    """Whether anyone had received its leave notice."""
    highest_message: int
    """The highest message of it that anyone had received."""


class DepartedSenders:
    """The last departed senders of a room, by number and by user id.

    They tell an item that arrives far too late from one that nobody sent.
    """

    def __init__(self) -> None:
        self._by_key: dict[int | str, DepartedSender] = {}

    def add(self, connection: StreamingConnection, settled_at: int, *, is_whole: bool) -> None:
        """Remember a connection, and forget the oldest beyond KEPT_DEPARTED."""
        departed = DepartedSender(
            connection.number,
            connection.opening.at,
            connection.ended_at or settled_at,
            settled_at,
            is_whole,
            was_received=bool(connection.highest_by_instance),
            has_left=connection.leave in connection.highest_by_instance.values(),
            highest_message=connection.highest_message,
        )
        self._by_key.update({connection.number: departed, connection.user: departed})
        while len(self._by_key) > 2 * KEPT_DEPARTED:
            del self._by_key[next(iter(self._by_key))]

    def find(self, key: int | str) -> DepartedSender | None:
        """The departed sender of this number or user id, if it is remembered."""
        return self._by_key.get(key)


def violation_by(
    departed: DepartedSender, part: Part, item: int, receiver: StreamingConnection, state: RoomState
) -> Violation | None:
    """The violation by an item of a departed sender; None if it might only be late.

    It is a second copy if its receiver had received everything of the sender, or came when everyone had. Without
    notices nothing shows that nothing more comes: then it is one only if somebody had received the item, and if the
    receiver was a member before the sender came.
    """
    if _might_be_late(departed, receiver, state):
        return None
    if not state.has_notices and item > departed.highest_message:
        return None
    since = receiver.evidence_at
    if not state.has_notices and since is not None and since < departed.ended_at:
        return classification.again(part) if since < departed.opened_at else None
    if receiver.evidence_at is not None and receiver.evidence_at < departed.ended_at:
        return classification.out_of_order(part, after_leave=True)
    if state.may_be_repeated(part) or (part is Part.LEAVE and not departed.has_left):
        return None  # a server with `history` repeats it; or it is late, and nobody was left to miss it
    if receiver.opening.at > departed.settled_at and state.one_instance:
        return classification.REPLAYED_ITEM
    return None


def _might_be_late(departed: DepartedSender, receiver: StreamingConnection, state: RoomState) -> bool:
    """Whether the server might deliver an item of a departed sender late.

    If nobody received anything of the sender (its link died at once, or its handshake was given up), the server itself
    might learn of it that late.
    """
    if not departed.was_received or not departed.is_whole:
        return True
    if state.sticky or state.fault_windows:
        return True
    return receiver.has_paused or not state.stays(receiver)

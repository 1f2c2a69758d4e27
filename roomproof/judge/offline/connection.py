"""One connection of a history: what it said and what it received."""

from dataclasses import dataclass, field

from roomproof.history import Received, Sent
from roomproof.judge.lifecycle import Lifecycle
from roomproof.spec import messages


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
    frame: messages.Frame

    @property
    def at(self) -> int:
        """When it had been received."""
        return self.event.at


@dataclass(slots=True, eq=False)
class RecordedConnection(Lifecycle):
    """One connection's life. Its stream is item 0 (join notice), its messages 1 to n, item n + 1 (leave notice)."""

    said: list[Item] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)
    bad: list[messages.Bad] = field(default_factory=list)
    pings: int = 0
    sent_oversized: bool = False
    """It sent a frame beyond what every server accepts."""
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def join(self) -> int:
        """The number of its join notice."""
        return 0

    @property
    def leave(self) -> int:
        """The number of its leave notice."""
        return len(self.said) + 1

    def stayed_until(self, deadline: int) -> bool:
        """Whether it was a reading member when the deadline was over."""
        return self.reads and (self.ended_at is None or self.ended_at > deadline)

    def said_at(self, item: int) -> int | None:
        """When it began to say an item; None for a leave that may not have been its own doing."""
        if item == self.join:
            return self.opening.at
        if item < self.leave:
            return self.said[item - 1].sent.at
        return self.own_end_at if self.apparently_ended_first else None

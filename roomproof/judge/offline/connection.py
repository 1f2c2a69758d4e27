"""One connection of a history: what it sent and what it received."""

from dataclasses import dataclass, field

from roomproof.history import Received, Sent
from roomproof.judge.classification import JOIN_NOTICE
from roomproof.judge.lifecycle import Lifecycle
from roomproof.spec import messages


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A valid message that a connection sent. The number of the first is 1."""

    number: int
    content: str
    event: Sent

    @property
    def at(self) -> int:
        """Time before it was sent."""
        return self.event.at


@dataclass(frozen=True, slots=True)
class Receipt:
    """A frame that a connection received, decoded."""

    event: Received
    frame: messages.Frame

    @property
    def at(self) -> int:
        """Time after it was received."""
        return self.event.at


@dataclass(slots=True, eq=False)
class RecordedConnection(Lifecycle):
    """One connection of a history.

    Its stream is item 0 (join notice), its messages 1 to n, and item n + 1 (leave notice).
    """

    sent: list[SentMessage] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    """Contents of the frames that a server may broadcast or treat as bad frames."""
    bad_frames: list[messages.Bad] = field(default_factory=list)
    pings: int = 0
    has_sent_oversized: bool = False
    """Whether it sent a frame longer than every server accepts."""
    has_sent_deep: bool = False
    """Whether it sent a frame nested deeper than every server accepts."""
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def leave(self) -> int:
        """Number of its leave notice."""
        return len(self.sent) + 1

    @property
    def has_sent_bad_frame(self) -> bool:
        """Whether it sent a frame that a server may treat as a bad frame."""
        return bool(self.bad_frames or self.doubtful)

    def sent_at(self, item: int) -> int | None:
        """Time before it sent an item.

        None for a leave notice that the server might have caused.
        """
        if item == JOIN_NOTICE:
            return self.opening.at
        return self.sent[item - 1].at if item < self.leave else self.apparently_left_at

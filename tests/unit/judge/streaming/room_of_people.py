"""One connection of a simulated world, as the server and the network see it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from roomproof.history import Event


@dataclass(eq=False)
class StreamingConnection:
    """A connection, as the server and the network see it."""

    number: int
    user: str
    room: str
    instance: str
    opened: bool = False
    member: bool = False
    over: bool = False
    """The server has ended it, or dealt with its end."""
    told_of_the_past: bool = False
    """Whether the server has nothing more to tell it of what was said before it came."""
    said: int = 0
    """How many messages the client sent."""
    told: int = 0
    """How many items of it were handed to the broadcast."""
    upward: deque[Callable[[], None]] = field(default_factory=deque)
    """What the client did and the server has not read, in order."""
    waiting: deque[Callable[[], None]] = field(default_factory=deque)
    """What the server has read and cannot deal with before it is a member."""
    downward: deque[Event] = field(default_factory=deque)
    """What the server sent and the client has not received; the times are put in on arrival."""
    reads: bool = True
    closing: bool = False
    """The client has sent its Close frame, and says nothing more."""
    gone: bool = False
    """The client reads no more."""

    @property
    def speaks(self) -> bool:
        """Whether the client, as far as it knows, may say something."""
        return self.opened and not self.closing and not self.gone


@dataclass(frozen=True)
class Item:
    """What the server tells everyone, and of whom."""

    sender: StreamingConnection
    fields: dict[str, str]
    number: int

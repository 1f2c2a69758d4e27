"""One connection of a simulated world, as the server and the network see it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from roomproof.history import Event


@dataclass(eq=False)
class SimulatedConnection:
    """A connection of a simulated server: its state, and the frames on their way."""

    number: int
    user: str
    room: str
    instance: str
    opened: bool = False
    member: bool = False
    over: bool = False
    """The server has ended it, or dealt with its end."""
    told_of_the_past: bool = False
    """Whether the server has nothing more to send of what was said before the connection came."""
    said: int = 0
    """Number of messages that the client sent."""
    told: int = 0
    """Number of its items that were handed to the broadcast."""
    upward: deque[Callable[[], None]] = field(default_factory=deque)
    """The acts of the client that the server has not read, in order."""
    waiting: deque[Callable[[], None]] = field(default_factory=deque)
    """The acts that the server has read and handles once the connection is a member."""
    downward: deque[Event] = field(default_factory=deque)
    """Events that the client has not received. The times are put in on arrival."""
    reads: bool = True
    closing: bool = False
    """The client has sent its Close frame, and says nothing more."""
    gone: bool = False
    """The client reads no more."""

    @property
    def speaks(self) -> bool:
        """Whether the client, as far as it knows, is connected and can send."""
        return self.opened and not self.closing and not self.gone


@dataclass(frozen=True)
class Item:
    """One item of a stream: its sender, its fields and its number."""

    sender: SimulatedConnection
    fields: dict[str, str]
    number: int

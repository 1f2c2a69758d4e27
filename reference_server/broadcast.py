"""The ways in which items reach the members of a room.

An item reaches the members on this instance only, or through Redis those on all instances.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from reference_server.clock import Clock
from reference_server.errors import Unavailable
from reference_server.names import ChatId
from reference_server.room import ChatRoom, Closable


class BroadcastUnavailable(Unavailable):
    """Other instances cannot be reached, so nobody can join here (PUBSUB-7)."""


class BroadcastHandler(Protocol):
    """The instance that receives from a broadcast."""

    clock: Clock

    def deliver(self, chat_id: ChatId, frame: str) -> None:
        """Queue a frame for the members of a room on this instance."""

    def close_room(self, chat_id: ChatId) -> None:
        """Close the members of a deleted room on this instance."""


class Broadcast(Protocol):
    """One way of passing items on.

    ``join``, ``send_message`` and ``leave`` return at once. They return the members that were too far behind: these are
    members no more, their leaves are announced, and the caller has to close them.
    """

    max_pause_seconds: float
    """Seconds for which the server might stop reading from a member.

    The heartbeat must not be shorter.
    """

    def start(self, handler: BroadcastHandler, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        """Start to receive.

        ``exists`` asks the store whether a room was deleted while this instance was cut off.
        """

    def subscribed(self, chat_id: ChatId) -> AbstractAsyncContextManager[None]:
        """Receive all items of a room while the context lasts.

        Entering it raises BroadcastUnavailable.
        """

    async def drained(self) -> None:
        """Wait until the broadcast has room for another message."""

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        """Add a member to the room and announce it."""

    def send_message(self, room: ChatRoom[Closable], sender: Closable, content: str, timestamp: str) -> list[Closable]:
        """Send a message to all members of the room."""

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        """Remove a member from the room and announce its leave."""

    def announce_leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        """Announce the leave of a member that was already removed from the room."""

    def announce_deletion(self, chat_id: ChatId) -> None:
        """Announce to other instances that a room was deleted."""

    async def flush(self) -> None:
        """Wait, for a short time at most, until everything is passed on."""


class LocalBroadcast:
    """The broadcast of a single instance: all members get an item in one step."""

    max_pause_seconds = 0.0

    def start(self, handler: BroadcastHandler, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        pass

    def subscribed(self, chat_id: ChatId) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        return nullcontext()

    async def drained(self) -> None:
        pass

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        return room.join(member, timestamp)

    def send_message(self, room: ChatRoom[Closable], sender: Closable, content: str, timestamp: str) -> list[Closable]:
        return room.send_message(sender, content, timestamp)

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        return room.leave(member, timestamp)

    def announce_leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        pass

    def announce_deletion(self, chat_id: ChatId) -> None:
        pass

    async def flush(self) -> None:
        pass

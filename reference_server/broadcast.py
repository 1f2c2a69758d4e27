"""How what happens in a room reaches its members: those of this instance, and through Redis those of all."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from reference_server.clock import Clock
from reference_server.errors import Unavailable
from reference_server.names import ChatId
from reference_server.room import ChatRoom, Closable


class BroadcastUnavailable(Unavailable):
    """What is said on other instances cannot be heard now, so nobody can join here (PUBSUB-7)."""


class BroadcastHandler(Protocol):
    """The instance that hears."""

    clock: Clock

    def deliver(self, chat_id: ChatId, frame: str) -> None:
        """Tells the members of a room."""

    def close_room(self, chat_id: ChatId) -> None:
        """Closes the members of a room that was deleted."""


class Broadcast(Protocol):
    """One way of telling items. ``join``, ``say`` and ``leave`` return at once; those whom they return were too far
    behind, are no members any more and are announced as left, and the caller has to close them."""

    max_pause_seconds: float
    """So many seconds a member may have to wait before what it says is taken: so long it must not be called silent."""

    def start(self, handler: BroadcastHandler, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        """Begins. ``exists`` asks the store: rooms may be deleted while this instance cannot hear of it."""

    def subscribed(self, chat_id: ChatId) -> AbstractAsyncContextManager[None]:
        """Within this context, what is sent to the room on any instance arrives here. Raises BroadcastUnavailable."""

    async def drained(self) -> None:
        """Waits while more is said than can be passed on."""

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]: ...

    def send_message(
        self, room: ChatRoom[Closable], sender: Closable, content: str, timestamp: str
    ) -> list[Closable]: ...

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]: ...

    def announce_leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        """Announces to other instances that somebody is gone whom this one has already let go."""

    def announce_deletion(self, chat_id: ChatId) -> None:
        """Tells other instances that the room was deleted."""

    async def flush(self) -> None:
        """Waits until everything is passed on, for a moment at most."""


class LocalBroadcast:
    """The one and only instance: everybody is told in the same step."""

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

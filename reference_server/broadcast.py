"""How what happens in a room reaches its members: those of this instance, and through Redis those of all."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from reference_server.clock import Clock
from reference_server.errors import Away
from reference_server.names import ChatId
from reference_server.room import ChatRoom, Closable


class BroadcastAway(Away):
    """What is said on other instances cannot be heard now, so nobody can join here (PUBSUB-7)."""


class Audience(Protocol):
    """The instance that hears."""

    clock: Clock

    def hear(self, chat_id: ChatId, frame: str) -> None:
        """Tells the members of a room."""

    def end(self, chat_id: ChatId) -> None:
        """Closes the members of a room that was deleted."""


class Broadcast(Protocol):
    """One way of telling items. ``join``, ``say`` and ``leave`` return at once; those whom they return were too far
    behind, are no members any more and are announced as left, and the caller has to close them."""

    patience: float
    """So many seconds a member may have to wait before what it says is taken: so long it must not be called silent."""

    def start(self, audience: Audience, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        """Begins. ``exists`` asks the store: rooms may be deleted while this instance cannot hear of it."""

    def heard(self, chat_id: ChatId) -> AbstractAsyncContextManager[None]:
        """Within this context, whatever is said in the room on any instance is heard here. Raises BroadcastAway."""

    async def eased(self) -> None:
        """Waits while more is said than can be passed on."""

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]: ...

    def say(self, room: ChatRoom[Closable], speaker: Closable, content: str, timestamp: str) -> list[Closable]: ...

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]: ...

    def lost(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        """Announces to other instances that somebody is gone whom this one has already let go."""

    def delete(self, chat_id: ChatId) -> None:
        """Tells other instances that the room was deleted."""

    async def finish(self) -> None:
        """Waits until everything is passed on, for a moment at most."""


class LocalBroadcast:
    """The one and only instance: everybody is told in the same step."""

    patience = 0.0

    def start(self, audience: Audience, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        pass

    def heard(self, chat_id: ChatId) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        return nullcontext()

    async def eased(self) -> None:
        pass

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        return room.join(member, timestamp)

    def say(self, room: ChatRoom[Closable], speaker: Closable, content: str, timestamp: str) -> list[Closable]:
        return room.say(speaker, content, timestamp)

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        return room.leave(member, timestamp)

    def lost(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        pass

    def delete(self, chat_id: ChatId) -> None:
        pass

    async def finish(self) -> None:
        pass

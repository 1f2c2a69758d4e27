"""Where rooms are kept: what every store does."""

from dataclasses import dataclass
from typing import Any, Protocol

from reference_server.errors import Unavailable
from reference_server.names import ChatId, UserId


@dataclass(frozen=True, slots=True)
class Chat:
    """A room as it was made."""

    id: ChatId
    name: str
    created_by: UserId
    metadata: dict[str, Any]
    created_at: str


class StoreError(Exception):
    """The store cannot be opened. The message says which one and why."""


class StoreUnavailable(Unavailable):
    """The store did not answer, or not in time, so nobody knows whether it did what it was asked to (STICKY-9)."""


class TooLarge(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The room would be larger than the store takes. Nothing has changed."""


class Store(Protocol):
    """Several instances may share one store, so each method is atomic by itself. None of them blocks the event loop.

    Each may raise StoreUnavailable, and those that add something TooLarge."""

    async def create(self, chat: Chat) -> bool:
        """Keeps the room with its creator as participant; False, and nothing is kept, if the id is taken."""

    async def exists(self, chat_id: ChatId) -> bool: ...

    async def fetch(self, chat_id: ChatId) -> tuple[Chat, list[UserId]] | None:
        """The room and its participants in the order in which they were added."""

    async def add_participants(self, chat_id: ChatId, user_ids: list[UserId]) -> bool:
        """Adds those who are not participants yet; False if there is no such room."""

    async def delete(self, chat_id: ChatId) -> bool:
        """Forgets the room; False if there is no such room."""

    def close(self) -> None:
        """Lets go of everything. May block for a moment."""

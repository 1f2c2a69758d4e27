"""The interface of the stores that keep the rooms."""

from dataclasses import dataclass
from typing import Any, Protocol

from reference_server.errors import Unavailable
from reference_server.names import ChatId, UserId


@dataclass(frozen=True, slots=True)
class Chat:
    """A room as it was created."""

    id: ChatId
    name: str
    created_by: UserId
    metadata: dict[str, Any]
    created_at: str


ROOM_PARTICIPANTS = 100_000
"""Maximum number of participants of a room, which bounds the work of showing it."""


class StoreError(Exception):
    """A store cannot be opened. The message says which one and why."""


class StoreUnavailable(Unavailable):
    """The store did not answer in time.

    It might or might not have executed the request (STICKY-9).
    """


class TooLarge(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The room would be larger than the store allows. Nothing has changed."""


class Store(Protocol):
    """A store of rooms, which several instances can share.

    Each method is atomic, and none blocks the event loop. Each can raise StoreUnavailable; those that add something can
    raise TooLarge.
    """

    async def create(self, chat: Chat) -> bool:
        """Store a room with its creator as participant.

        Return False, and store nothing, if the id is taken.
        """

    async def exists(self, chat_id: ChatId) -> bool:
        """Whether there is a room of this id."""

    async def is_participant(self, chat_id: ChatId, user_id: UserId) -> bool:
        """Whether there is a room of this id, and the user is one of its participants."""

    async def fetch(self, chat_id: ChatId) -> tuple[Chat, list[UserId]] | None:
        """Return a room and its participants, oldest first; None if there is no such room."""

    async def add_participants(self, chat_id: ChatId, user_ids: list[UserId]) -> bool:
        """Add those users who are not participants yet.

        Return False if there is no such room.
        """

    async def delete(self, chat_id: ChatId) -> bool:
        """Delete a room. Return False if there is no such room."""

    def close(self) -> None:
        """Release all resources. Can block for a few seconds."""

"""Faults that confuse rooms, or lose them."""

from dataclasses import replace
from typing import Any

from reference_server.instance import Instance
from reference_server.sqlite_store import SqliteStore
from reference_server.store import Chat
from tests.faults.fault import fault, wrap

MADE: list[Chat] = []
"""All rooms created so far, oldest first, once `note_rooms` was called."""


def _namesakes(name: str) -> list[Chat]:
    return [chat for chat in MADE if chat.name == name]


def note_rooms() -> None:
    """Add every room that is created to MADE."""

    def wrapped(create: Any) -> Any:
        async def noting(self: Any, chat: Chat) -> Any:
            MADE.append(chat)
            return await create(self, chat)

        return noting

    wrap(SqliteStore, "create", wrapped)


@fault("metadata shared by name", breaks="CREATE-5")
def shared_metadata() -> None:
    """A fetched room has the metadata of the latest room with the same name."""

    def wrapped(fetch: Any) -> Any:
        async def mistaken(self: Any, chat_id: Any) -> Any:
            found = await fetch(self, chat_id)
            if found is None:
                return None
            chat, participants = found
            return replace(chat, metadata=_namesakes(chat.name)[-1].metadata), participants

        return mistaken

    note_rooms()
    wrap(SqliteStore, "fetch", wrapped)


@fault("rooms of the same name deleted too", breaks="CREATE-6")
def name_deleted() -> None:
    """Deleting a room deletes all rooms with the same name."""

    def wrapped(delete: Any) -> Any:
        async def thorough(self: Any, chat_id: Any) -> Any:
            names = [chat.name for chat in MADE if chat.id == chat_id]
            others = [chat.id for name in names for chat in _namesakes(name) if chat.id != chat_id]
            for other in others:
                await delete(self, other)
            return await delete(self, chat_id)

        return thorough

    note_rooms()
    wrap(SqliteStore, "delete", wrapped)


@fault("rooms die with their last member", breaks="CREATE-1", also={"JOIN-6": "whoever comes next is refused"})
def die_empty() -> None:
    """A room ceases to exist when its last member leaves."""
    dead: set[str] = set()

    def wrapped(leave: Any) -> Any:
        def burying(self: Any, room: Any, *more: Any) -> None:
            leave(self, room, *more)
            if not room.members:
                dead.add(room.chat_id)

        return burying

    def wrapped_exists(exists: Any) -> Any:
        async def alive(self: Any, chat_id: Any) -> bool:
            return chat_id not in dead and await exists(self, chat_id)

        return alive

    wrap(Instance, "leave", wrapped)
    wrap(SqliteStore, "exists", wrapped_exists)


@fault("used rooms outlive their deletion", breaks="CREATE-6")
def remembered() -> None:
    """A room that had members accepts connections even after its deletion."""
    known: set[str] = set()

    def wrapped(exists: Any) -> Any:
        async def remembering(self: Any, chat_id: Any) -> bool:
            if chat_id not in known and await exists(self, chat_id):
                known.add(chat_id)
            return chat_id in known

        return remembering

    def wrapped_end(end: Any) -> Any:
        def forgetting(self: Instance, chat_id: Any) -> None:
            end(self, chat_id)
            self._rooms.pop(chat_id, None)

        return forgetting

    wrap(SqliteStore, "exists", wrapped)
    wrap(Instance, "close_room", wrapped_end)

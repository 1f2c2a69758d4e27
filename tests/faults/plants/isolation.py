"""Faults of isolation."""

from typing import Any

from reference_server.instance import Instance
from reference_server.names import UserId
from reference_server.sqlite_store import SqliteStore
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, encoded, is_message, left, members_of_all_rooms, on_send


@fault("leak to all rooms", breaks="DELIVER-4", shows=Kind.LEAKED)
def leak_to_all() -> None:
    """Every 20th message reaches the members of all rooms."""
    turn = every(20)
    _leak(lambda fields: is_message(fields) and turn())


@fault("notices leak to all rooms", breaks="DELIVER-4", shows=Kind.LEAKED)
def notices_leak() -> None:
    """Leaves are announced in all rooms; messages stay in theirs."""
    turn = every(1)
    _leak(lambda fields: left(fields) is not None and turn())


def _leak(is_leaked: Any) -> None:
    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        # Only the frame for the first member leaks, so that each item leaks once.
        if next(iter(member._room.members)) is member and is_leaked(fields):
            for other in members_of_all_rooms(member):
                if other._room is not member._room:
                    other._outbox.put(encoded(fields))
        return send(encoded(fields))

    on_send(change)


NAMES: dict[str, str] = {}
"""The names of all rooms created so far, by id."""


@fault("leak to rooms of the same name", breaks="DELIVER-4", shows=Kind.LEAKED)
def leak_to_namesakes() -> None:
    """A message reaches all rooms with the same name."""
    turn = every(1)

    def wrapped(create: Any) -> Any:
        async def noting(self: Any, chat: Any) -> Any:
            NAMES[chat.id] = chat.name
            return await create(self, chat)

        return noting

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        if is_message(fields) and next(iter(member._room.members)) is member and turn():
            for other in members_of_all_rooms(member):
                is_namesake = NAMES[other._room.chat_id] == NAMES[member._room.chat_id]
                if other._room is not member._room and is_namesake:
                    other._outbox.put(encoded(fields | {"chat_id": other._room.chat_id}))
        return send(encoded(fields))

    wrap(SqliteStore, "create", wrapped)
    on_send(change)


@fault(
    "a deletion announced in all rooms",
    breaks="DELIVER-4",
    also={"DELIVER-14": "the announcement is a message that nobody sent"},
)
def deleted_speaks_on() -> None:
    """Deleting a room sends a message about it to the members of all rooms."""

    def wrapped(delete: Any) -> Any:
        def telling(self: Any, chat_id: Any) -> None:
            from reference_server import frames

            words = frames.message("this room was deleted", UserId("nobody"), chat_id, self.clock.timestamp())
            delete(self, chat_id)
            for room in list(self._rooms.values()):
                for member in list(room.members):
                    member._outbox.put(words)

        return telling

    wrap(Instance, "delete", wrapped)

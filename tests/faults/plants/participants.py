"""Faults about participants, on a server that accepts participants only."""

from typing import Any

from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import fault, wrap
from tests.faults.freedoms import by_invitation_only


@fault(
    "the creator is no participant", breaks="CREATE-1", also={"CREATE-7": "this server is strict with metadata, too"}
)
def maker_is_none() -> None:
    """Only participants may connect, and the creator of a room is none until added."""
    added: dict[str, set[str]] = {}

    def wrapped_add(add: Any) -> Any:
        async def noting(self: Any, chat_id: Any, user_ids: Any) -> Any:
            added.setdefault(chat_id, set()).update(user_ids)
            return await add(self, chat_id, user_ids)

        return noting

    def wrapped_fetch(fetch: Any) -> Any:
        async def without(self: Any, chat_id: Any) -> Any:
            found = await fetch(self, chat_id)
            return found and (found[0], [one for one in found[1] if one in added.get(chat_id, set())])

        return without

    wrap(SqliteStore, "add_participants", wrapped_add)
    wrap(SqliteStore, "fetch", wrapped_fetch)
    by_invitation_only()


@fault("participants replaced", breaks="PARTICIPANTS-1", also={"CREATE-7": "this server is strict with metadata, too"})
def replaced() -> None:
    """Only participants may connect, and adding some removes those added before."""
    latest: dict[str, list[str]] = {}

    def wrapped_add(add: Any) -> Any:
        async def replacing(self: Any, chat_id: Any, user_ids: Any) -> Any:
            latest[chat_id] = list(user_ids)
            return await add(self, chat_id, user_ids)

        return replacing

    def wrapped_fetch(fetch: Any) -> Any:
        async def only_latest(self: Any, chat_id: Any) -> Any:
            found = await fetch(self, chat_id)
            if found is None or chat_id not in latest:
                return found
            chat, participants = found
            return chat, [one for one in participants if one in (*latest[chat_id], chat.created_by)]

        return only_latest

    wrap(SqliteStore, "add_participants", wrapped_add)
    wrap(SqliteStore, "fetch", wrapped_fetch)
    by_invitation_only()

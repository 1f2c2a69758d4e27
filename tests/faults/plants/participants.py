"""Faults about participants, on a server that accepts participants only."""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from reference_server import frames, handshake
from reference_server.answers import NO_PARTICIPANT
from reference_server.clock import Clock
from reference_server.frames import ValidMessage
from reference_server.names import UserId
from reference_server.room import ChatRoom
from reference_server.sqlite_store import SqliteStore
from roomproof.spec.limits import CloseCode
from tests.faults.fault import fault, wrap

DECLARES = ("participants-only",)

BEFORE_CLOSE_S = 0.3
"""Seconds for which a faulty server keeps the connection of an outsider before it closes it."""

Visit = Callable[[Any, ChatRoom[Any], str], Awaitable[None]]
"""Handles the accepted connection of an outsider, by its socket, room and user id."""


def take_participants_only() -> None:
    """Let only participants join, as the option --join says."""
    os.environ["CHAT_JOIN"] = "participants"


def _is_participant(decide: Callable[[Any, Any, str, str], Awaitable[bool]]) -> None:
    """Accept participants only, by `decide(original, store, chat_id, user_id)`."""

    def wrapped(original: Any) -> Any:
        async def deciding(self: Any, chat_id: Any, user_id: Any) -> bool:
            return await decide(original, self, chat_id, user_id)

        return deciding

    take_participants_only()
    wrap(SqliteStore, "is_participant", wrapped)


def _added(note: Callable[[str, list[str]], None]) -> None:
    """Call `note(chat_id, user_ids)` whenever participants are added."""

    def wrapped(add: Any) -> Any:
        async def noting(self: Any, chat_id: Any, user_ids: Any) -> Any:
            note(chat_id, user_ids)
            return await add(self, chat_id, user_ids)

        return noting

    wrap(SqliteStore, "add_participants", wrapped)


@fault("the creator is no participant", breaks="CREATE-1")
def maker_is_none() -> None:
    """Only participants may connect, and the creator of a room is none until added."""
    added: dict[str, set[str]] = defaultdict(set)
    _added(lambda chat_id, user_ids: added[chat_id].update(user_ids))

    async def decide(_: Any, __: Any, chat_id: str, user_id: str) -> bool:
        return user_id in added[chat_id]

    _is_participant(decide)


@fault("participants replaced", breaks="PARTICIPANTS-1")
def replaced() -> None:
    """Only participants may connect, and adding some removes those added before."""
    latest: dict[str, list[str]] = {}
    _added(latest.__setitem__)

    async def decide(original: Any, store: Any, chat_id: str, user_id: str) -> bool:
        (chat, _) = await store.fetch(chat_id)
        is_kept = chat_id not in latest or user_id in (*latest[chat_id], chat.created_by)
        return is_kept and await original(store, chat_id, user_id)

    _is_participant(decide)


@fault(
    "a refusal remembered",
    breaks="PARTICIPANTS-1",
    declares=DECLARES,
    also={"JOIN-6": "a participant is refused"},
)
def remembered() -> None:
    """A user who was refused once stays refused, even if added later."""
    refused: set[tuple[str, str]] = set()

    async def decide(original: Any, store: Any, chat_id: str, user_id: str) -> bool:
        is_let_in = (chat_id, user_id) not in refused and await original(store, chat_id, user_id)
        if not is_let_in:
            refused.add((chat_id, user_id))
        return is_let_in

    _is_participant(decide)


@fault("outsiders let in", breaks="REFUSE-7", declares=DECLARES)
def all_let_in() -> None:
    """Users who are no participants are let in like all others."""


@fault("participants of any room let in", breaks="REFUSE-7", declares=DECLARES)
def of_any_room() -> None:
    """A participant of one room is let into all of them."""
    known: set[str] = set()
    _added(lambda _, user_ids: known.update(user_ids))

    async def decide(original: Any, store: Any, chat_id: str, user_id: str) -> bool:
        return user_id in known or await original(store, chat_id, user_id)

    _is_participant(decide)


@fault("participants compared without case", breaks="REFUSE-7", declares=DECLARES)
def without_case() -> None:
    """Zoe is let in where zoe is a participant."""

    async def decide(_: Any, store: Any, chat_id: str, user_id: str) -> bool:
        found = await store.fetch(chat_id)
        return found is not None and user_id.lower() in map(str.lower, found[1])

    _is_participant(decide)


@fault("outsiders are 404", breaks="REFUSE-7", declares=DECLARES)
def wrong_status() -> None:
    """The handshake of a user who is no participant is answered with 404."""
    take_participants_only()

    def wrapped(refusal: Any) -> Any:
        def answering(status: int, chat_id: str, reason: str) -> Any:
            return refusal(404 if reason == NO_PARTICIPANT else status, chat_id, reason)

        return answering

    wrap(handshake, "_refusal", wrapped)


def _accepting(visit: Visit) -> None:
    """Accept each connection of an outsider, call `visit`, and close with 1008."""

    def wrapped(admit: Any) -> Any:
        async def admitting(socket: Any, chat_id: Any, user_id: Any, store: Any, instance: Any, only: bool) -> Any:
            if not await store.exists(chat_id) or await store.is_participant(chat_id, user_id):
                return await admit(socket, chat_id, user_id, store, instance, only)
            await socket.accept()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEFORE_CLOSE_S):
                    await visit(socket, instance.room(chat_id), user_id)
            await socket.close(CloseCode.POLICY_VIOLATION, "this room is for its participants")
            return None

        return admitting

    take_participants_only()
    wrap(handshake, "_admit", wrapped)


DELETED = {"CLOSE-3": "of a room that is being deleted, nobody is a participant"}


@fault("outsiders hear until they are closed", breaks="REFUSE-7", declares=DECLARES, perhaps=DELETED)
def overheard() -> None:
    """An outsider receives the room's frames until the connection is closed with 1008."""
    listeners: dict[str, list[asyncio.Queue[str]]] = defaultdict(list)

    def wrapped(deliver: Any) -> Any:
        def delivering(self: Any, frame: str) -> Any:
            for queue in listeners[self.chat_id]:
                queue.put_nowait(frame)
            return deliver(self, frame)

        return delivering

    async def listen(socket: Any, room: ChatRoom[Any], _: str) -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        listeners[room.chat_id].append(queue)
        try:
            while True:
                await socket.send(await queue.get())
        finally:
            listeners[room.chat_id].remove(queue)

    _accepting(listen)
    wrap(ChatRoom, "deliver", wrapped)


@fault("an outsider's first message delivered", breaks="REFUSE-4", declares=DECLARES, perhaps=DELETED)
def let_speak() -> None:
    """An outsider is closed with 1008, but its first message reaches the room."""

    async def relay(socket: Any, room: ChatRoom[Any], user_id: str) -> None:
        match frames.decode(await socket.receive()):
            case ValidMessage(content):
                room.deliver(frames.message(content, UserId(user_id), room.chat_id, Clock().timestamp()))

    _accepting(relay)

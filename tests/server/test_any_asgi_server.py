"""The application by itself, called as an ASGI server calls it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quart import Quart

from reference_server import outbox
from reference_server.app import create_app
from reference_server.clock import Clock
from reference_server.instance import Instance
from reference_server.names import ChatId, UserId
from reference_server.outbox import OUTBOX_FRAMES
from reference_server.sqlite_store import SqliteStore
from reference_server.store import Chat

ROOM = ChatId("chat-1")


class Socket:
    """One WebSocket call by ASGI."""

    def __init__(self, app: Quart, user_id: str, outbox_limit: int = 0) -> None:
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.outbox: asyncio.Queue[Any] = asyncio.Queue(outbox_limit)
        self.inbox.put_nowait({"type": "websocket.connect"})
        scope: Any = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": f"/api/chats/ws/{ROOM}",
            "query_string": f"user_id={user_id}".encode(),
            "headers": [(b"host", b"x")],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self.call = asyncio.create_task(app(scope, self.inbox.get, self.outbox.put))

    def say(self, content: str) -> None:
        self.inbox.put_nowait(
            {"type": "websocket.receive", "text": json.dumps({"type": "message", "content": content})}
        )

    def disconnect(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def next(self) -> Any:
        return await asyncio.wait_for(self.outbox.get(), 10)

    async def hears(self) -> str:
        event = await self.next()
        assert event["type"] == "websocket.send"
        content = json.loads(event["text"])["content"]
        assert isinstance(content, str)
        return content


@asynccontextmanager
async def service() -> AsyncIterator[tuple[Quart, Instance, SqliteStore]]:
    store, instance = SqliteStore.open(":memory:"), Instance(Clock())
    await store.create(Chat(ROOM, "Kitchen", UserId("alice"), {}, ""))
    yield create_app(store, instance), instance, store
    store.close()


def test_messages_before_a_disconnect_precede_the_leave() -> None:
    async def scene() -> list[str]:
        async with service() as (app, _, _):
            alice = Socket(app, "alice")
            assert (await alice.next())["type"] == "websocket.accept"
            bob = Socket(app, "bob")
            for number in range(50):
                bob.say(str(number))
            bob.disconnect()
            heard = [await alice.hears() for _ in range(52)]
            await bob.call
            alice.disconnect()
            await alice.call
            return heard

    heard = asyncio.run(scene())

    assert heard == ["bob joined the chat", *map(str, range(50)), "bob left the chat"]


def test_nothing_is_sent_after_a_disconnect() -> None:
    async def scene() -> list[str]:
        async with service() as (app, _, _):
            alice = Socket(app, "alice")
            await alice.next()
            alice.disconnect()
            await alice.call
            return [event["type"] for event in iter_queue(alice.outbox)]

    assert asyncio.run(scene()) == []


def test_a_flooder_is_not_read_while_its_own_echo_is_stuck() -> None:
    async def scene() -> int:
        async with service() as (app, _, _):
            alice = Socket(app, "alice", outbox_limit=2)
            await alice.next()
            for number in range(1000):
                alice.say(str(number))
            before = -1
            while before != alice.inbox.qsize():
                before = alice.inbox.qsize()
                await asyncio.sleep(0.05)
            alice.disconnect()
            assert [await alice.hears() for _ in range(1000)] == [str(number) for number in range(1000)]
            await alice.call
            return before

    assert asyncio.run(scene()) > 1000 - OUTBOX_FRAMES


def test_a_crowd_that_speaks_at_once_hears_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """More messages than an outbox takes are sent before anybody can receive one."""
    monkeypatch.setattr(outbox, "OUTBOX_FRAMES", 16)

    async def scene() -> list[list[str]]:
        async with service() as (app, _, _):
            crowd = [Socket(app, f"user{number}") for number in range(20)]
            for member in crowd:
                assert (await member.next())["type"] == "websocket.accept"
            for number, member in enumerate(crowd):
                member.say(str(number))
            heard = [[await member.hears() for _ in range(39 - number)] for number, member in enumerate(crowd)]
            for member in crowd:
                member.disconnect()
                await member.call
            return [contents[-20:] for contents in heard]

    heard = asyncio.run(scene())

    assert sorted(heard[0], key=int) == [str(number) for number in range(20)]
    assert heard == [heard[0]] * 20


def test_a_huge_message_ends_its_sender_only() -> None:
    """Not every ASGI server limits messages; this one would fill all outboxes at once."""

    async def scene() -> tuple[list[str], int]:
        async with service() as (app, _, _):
            alice, bob = Socket(app, "alice"), Socket(app, "bob")
            for member in (alice, bob):
                assert (await member.next())["type"] == "websocket.accept"
            bob.say("x" * 5 * 2**20)
            heard = [await alice.hears() for _ in range(2)]
            close = await bob.next()
            alice.say("still here")
            heard.append(await alice.hears())
            for member in (alice, bob):
                member.disconnect()
                await member.call
            return heard, close["code"]

    assert asyncio.run(scene()) == (["bob joined the chat", "bob left the chat", "still here"], 1009)


def test_a_room_deleted_during_the_handshake_gives_4004() -> None:
    async def scene() -> list[Any]:
        async with service() as (app, instance, store):
            exists = store.exists

            async def exists_then_deleted(chat_id: ChatId) -> bool:
                found = await exists(chat_id)
                await store.delete(chat_id)
                instance.delete(chat_id)
                return found

            store.exists = exists_then_deleted  # type: ignore[method-assign]
            alice = Socket(app, "alice")
            events = [await alice.next(), await alice.next()]
            alice.disconnect()
            await alice.call
            assert instance.stats()["total_connections"] == 0
            return events

    accept, close = asyncio.run(scene())

    assert accept["type"] == "websocket.accept"
    assert (close["type"], close["code"]) == ("websocket.close", 4004)


def test_a_handshake_during_shutdown_is_refused_with_503() -> None:
    async def scene() -> Any:
        async with service() as (app, instance, _):
            instance.stop()
            alice = Socket(app, "alice")
            await alice.call
            return await alice.next()

    assert asyncio.run(scene())["status"] == 503


def iter_queue(queue: "asyncio.Queue[Any]") -> list[Any]:
    return [queue.get_nowait() for _ in range(queue.qsize())]

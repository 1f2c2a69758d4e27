import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reference_server import sqlite_store
from reference_server.dynamodb_store import DynamodbStore
from reference_server.names import ChatId, UserId
from reference_server.sqlite_store import SqliteStore
from reference_server.store import Chat, Store, StoreError, StoreUnavailable, TooLarge
from tests.server.dynamodb import dynamodb

ALICE, BOB = UserId("alice"), UserId("bob'); DROP TABLE chats; --")


def kitchen(metadata: dict[str, Any] | None = None, name: str = "Kitchen") -> Chat:
    return Chat(ChatId("chat-1"), name, ALICE, metadata or {}, "2025-12-23T12:00:00.000000")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with dynamodb() as one:
        yield one.url


@pytest.fixture(params=[":memory:", "chats.sqlite3", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    one: Store
    match request.param:
        case "dynamodb":
            one = DynamodbStore.open(request.getfixturevalue("endpoint"), uuid4().hex)
        case ":memory:":
            one = SqliteStore.open(":memory:")
        case file:
            one = SqliteStore.open(str(tmp_path / file))
    yield one
    one.close()


def test_a_room_comes_back_as_it_was_made(store: Store) -> None:
    metadata: dict[str, Any] = {"n": 2**53, "f": 1.5e-7, "none": None, "Zoë\x00": ["b", {"a": ""}], "no": False, "": []}
    for _ in range(40):
        metadata = {"in": [metadata]}

    async def scene() -> object:
        assert await store.create(kitchen(metadata, "Zoë's \t kitchen\U0001f372"))
        return await store.fetch(ChatId("chat-1"))

    assert asyncio.run(scene()) == (kitchen(metadata, "Zoë's \t kitchen\U0001f372"), [ALICE])


def test_participants_are_told_from_others(store: Store) -> None:
    room, other = ChatId("chat-1"), ChatId("chat-2")

    async def scene() -> list[bool]:
        await store.create(kitchen())
        before = await store.is_participant(room, BOB)
        await store.add_participants(room, [BOB])
        asked = [(room, ALICE), (room, BOB), (room, UserId("Alice")), (other, ALICE), (ChatId("no id"), ALICE)]
        return [before, *[await store.is_participant(chat_id, user_id) for chat_id, user_id in asked]]

    assert asyncio.run(scene()) == [False, True, True, False, False, False]


def test_one_of_many_concurrent_creations_gets_the_id(store: Store) -> None:
    async def scene() -> list[bool]:
        return await asyncio.gather(*(store.create(kitchen(name=str(number))) for number in range(20)))

    assert sorted(asyncio.run(scene())) == [False] * 19 + [True]


def test_participants_added_at_once_are_all_added(store: Store) -> None:
    users = [[UserId(f"u{number}"), UserId("shared")] for number in range(10)]

    async def scene() -> object:
        await store.create(kitchen())
        await asyncio.gather(*(store.add_participants(ChatId("chat-1"), some) for some in users))
        found = await store.fetch(ChatId("chat-1"))
        assert found is not None
        return found[1]

    added = asyncio.run(scene())

    assert isinstance(added, list)
    assert sorted(added) == sorted([ALICE, "shared", *(some[0] for some in users)])


def test_an_id_that_is_taken_is_not_taken_again(store: Store) -> None:
    async def scene() -> object:
        await store.create(kitchen())
        assert not await store.create(kitchen(name="Garage"))
        return await store.fetch(ChatId("chat-1"))

    assert asyncio.run(scene()) == (kitchen(), [ALICE])


def test_participants_are_added_once_each_and_in_order(store: Store) -> None:
    async def scene() -> object:
        await store.create(kitchen())
        for users in ([BOB, ALICE, BOB], [BOB], []):
            assert await store.add_participants(ChatId("chat-1"), users)
        found = await store.fetch(ChatId("chat-1"))
        assert found is not None
        return found[1]

    assert asyncio.run(scene()) == [ALICE, BOB]


def test_a_deleted_room_is_not_found(store: Store) -> None:
    async def scene() -> list[object]:
        await store.create(kitchen())
        assert await store.delete(ChatId("chat-1"))
        return await absent(store)

    assert asyncio.run(scene()) == [False, False, None, False, False]


def test_an_unknown_room_is_not_found(store: Store) -> None:
    assert asyncio.run(absent(store)) == [False, False, None, False, False]


async def absent(store: Store) -> list[object]:
    chat_id = ChatId("chat-1")
    questions: list[Callable[[], Awaitable[object]]] = [
        lambda: store.exists(chat_id),
        lambda: store.is_participant(chat_id, ALICE),
        lambda: store.fetch(chat_id),
        lambda: store.add_participants(chat_id, [ALICE]),
        lambda: store.delete(chat_id),
    ]
    return [await question() for question in questions]


def test_a_room_with_too_many_participants_stays_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite_store, "ROOM_PARTICIPANTS", 3)
    store = SqliteStore.open(str(tmp_path / "chats.sqlite3"))

    async def scene() -> object:
        await store.create(kitchen())
        assert await store.add_participants(ChatId("chat-1"), [BOB, UserId("carol")])
        with pytest.raises(TooLarge, match="a chat can have 3 participants"):
            await store.add_participants(ChatId("chat-1"), [UserId("dora")])
        return await store.fetch(ChatId("chat-1"))

    try:
        assert asyncio.run(scene()) == (kitchen(), [ALICE, BOB, UserId("carol")])
    finally:
        store.close()


def test_two_stores_share_one_file(tmp_path: Path) -> None:
    here, there = (SqliteStore.open(str(tmp_path / "chats.sqlite3")) for _ in range(2))

    async def scene() -> list[object]:
        assert await here.create(kitchen())
        assert await there.add_participants(ChatId("chat-1"), [BOB])
        seen = await here.fetch(ChatId("chat-1"))
        assert await there.delete(ChatId("chat-1"))
        return [seen, await here.exists(ChatId("chat-1"))]

    try:
        assert asyncio.run(scene()) == [(kitchen(), [ALICE, BOB]), False]
    finally:
        here.close()
        there.close()


def test_a_locked_file_can_be_read(tmp_path: Path) -> None:
    path = str(tmp_path / "chats.sqlite3")
    store = SqliteStore.open(path)

    async def scene() -> list[bool]:
        await store.create(kitchen())
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            deleting = asyncio.create_task(store.delete(ChatId("chat-1")))
            await asyncio.sleep(0)
            found = await store.exists(ChatId("chat-1"))
            is_waiting = not deleting.done()
        return [found, is_waiting, await deleting]

    try:
        assert asyncio.run(scene()) == [True, True, True]
    finally:
        store.close()


def test_only_the_first_request_waits_for_a_lock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten requests that wait 2 s each would take 20 s; STICKY-9 gives them 10 s."""
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(sqlite_store, "QUEUE_SECONDS", 0.1)
    path = str(tmp_path / "chats.sqlite3")
    store = SqliteStore.open(path)

    async def scene() -> list[bool | BaseException]:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            return await asyncio.gather(*(store.create(kitchen()) for _ in range(10)), return_exceptions=True)

    try:
        outcomes = asyncio.run(scene())
    finally:
        store.close()

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 10
    assert caplog.text.count("the database does not answer") == 1


def test_a_damaged_file_is_unavailable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "chats.sqlite3"
    store = SqliteStore.open(str(path))
    asyncio.run(store.create(kitchen()))
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    damaged = SqliteStore.open(str(path))
    try:
        for request in (lambda: damaged.fetch(ChatId("chat-1")), lambda: damaged.create(kitchen())):
            with pytest.raises(StoreUnavailable, match="the store of rooms is damaged"):
                asyncio.run(request())
    finally:
        damaged.close()

    assert "the database is damaged" in caplog.text


def test_an_impossible_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot use the database .*nowhere.*unable to open"):
        SqliteStore.open(str(tmp_path / "nowhere" / "chats.sqlite3"))


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam, " * 100)

    with pytest.raises(StoreError, match=r"letter\.txt"):
        SqliteStore.open(str(letter))

    assert letter.read_text().startswith("Dear Sir")

"""Rooms in a SQLite file, which several server processes can share."""

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reference_server.names import ChatId, UserId
from reference_server.store import ROOM_PARTICIPANTS, Chat, StoreError, StoreUnavailable, TooLarge

BUSY_SECONDS = 2.0
"""Seconds that a statement waits for another process that is writing.

The end of the server can wait as long."""

QUEUE_SECONDS = 2.0
"""Seconds after which a request that waited for others is given up."""

_AWAY = "the store of rooms is away; try again in a few seconds"

_SCHEMA = """
PRAGMA user_version = 1; -- writes even if all tables exist, so that a read-only file is noticed at once
CREATE TABLE IF NOT EXISTS chats (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, created_by TEXT NOT NULL, metadata TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS participants (
    position INTEGER PRIMARY KEY,
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    UNIQUE (chat_id, user_id)
) STRICT;
"""

_ADD_PARTICIPANT = "INSERT INTO participants (chat_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING"

T = TypeVar("T")

_log = logging.getLogger(__name__)


class SqliteStore:
    """A store with two database connections, one for reading.

    It reads while the other one waits for a lock. More would not help, since SQLite has one writer at a time.
    """

    def __init__(self, writer: "_Worker", reader: "_Worker") -> None:
        """Take over two connections to one database, or one twice."""
        self._writer = writer
        self._reader = reader

    @classmethod
    def open(cls, path: str) -> "SqliteStore":
        """Open the file, or create it.

        ``:memory:`` keeps the rooms as long as the process lives.

        Raises StoreError.
        """
        try:
            writer = _Worker(_open(path))
            if path == ":memory:":
                return cls(writer, writer)  # a second connection would have a database of its own
            return cls(writer, _Worker(sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)))
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the database {path!r}: {error}") from error

    async def create(self, chat: Chat) -> bool:
        return await self._writer.run(lambda database: _create(database, chat))

    async def exists(self, chat_id: ChatId) -> bool:
        return await self._reader.run(lambda database: _exists(database, chat_id))

    async def is_participant(self, chat_id: ChatId, user_id: UserId) -> bool:
        return await self._reader.run(lambda database: _is_participant(database, chat_id, user_id))

    async def fetch(self, chat_id: ChatId) -> tuple[Chat, list[UserId]] | None:
        return await self._reader.run(lambda database: _fetch(database, chat_id))

    async def add_participants(self, chat_id: ChatId, user_ids: list[UserId]) -> bool:
        return await self._writer.run(lambda database: _add_participants(database, chat_id, user_ids))

    async def delete(self, chat_id: ChatId) -> bool:
        return await self._writer.run(lambda database: _delete(database, chat_id))

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class _Worker:
    """One connection to the database, and the thread that uses it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work in one transaction. Raises StoreUnavailable."""
        deadline = time.monotonic() + QUEUE_SECONDS
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, deadline)

    def close(self) -> None:
        """Release the connection and the thread, twice if need be."""
        self._thread.shutdown(cancel_futures=True)
        self._database.close()

    def _transact(self, work: Callable[[sqlite3.Connection], T], deadline: float) -> T:
        if time.monotonic() > deadline:
            raise StoreUnavailable(_AWAY)  # the requests before this one wait for a lock
        try:
            with self._database:
                return work(self._database)
        except sqlite3.OperationalError as error:
            _log.warning("the database does not answer: %s", error)
            raise StoreUnavailable(_AWAY) from None
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise  # a mistake of this module
            _log.error("the database is damaged: %s", error)
            raise StoreUnavailable("the store of rooms is damaged; its file has to be restored") from None


def _open(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)  # closed by another thread
    try:
        database.execute("PRAGMA journal_mode = WAL")  # readers do not wait for a writer in another process
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _create(database: sqlite3.Connection, chat: Chat) -> bool:
    row = (chat.id, chat.name, chat.created_by, json.dumps(chat.metadata), chat.created_at)
    made = database.execute("INSERT INTO chats VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount == 1
    if made:
        database.execute(_ADD_PARTICIPANT, (chat.id, chat.created_by))
    return made


def _exists(database: sqlite3.Connection, chat_id: ChatId) -> bool:
    return database.execute("SELECT 1 FROM chats WHERE id = ?", (chat_id,)).fetchone() is not None


def _is_participant(database: sqlite3.Connection, chat_id: ChatId, user_id: UserId) -> bool:
    query = "SELECT 1 FROM participants WHERE chat_id = ? AND user_id = ?"
    return database.execute(query, (chat_id, user_id)).fetchone() is not None


def _fetch(database: sqlite3.Connection, chat_id: ChatId) -> tuple[Chat, list[UserId]] | None:
    database.execute("BEGIN")  # both queries see the same state
    row = database.execute("SELECT * FROM chats WHERE id = ?", (chat_id,)).fetchone()
    if row is None:
        return None
    name, created_by, metadata, created_at = row[1:]
    users = database.execute("SELECT user_id FROM participants WHERE chat_id = ? ORDER BY position", (chat_id,))
    return Chat(chat_id, name, created_by, json.loads(metadata), created_at), [user_id for (user_id,) in users]


def _add_participants(database: sqlite3.Connection, chat_id: ChatId, user_ids: list[UserId]) -> bool:
    database.execute("BEGIN IMMEDIATE")  # so that the room is not deleted between the two statements
    if not _exists(database, chat_id):
        return False
    database.executemany(_ADD_PARTICIPANT, [(chat_id, user_id) for user_id in user_ids])
    (number,) = database.execute("SELECT count(*) FROM participants WHERE chat_id = ?", (chat_id,)).fetchone()
    if number > ROOM_PARTICIPANTS:
        raise TooLarge(f"a chat can have {ROOM_PARTICIPANTS} participants")  # which undoes the transaction
    return True


def _delete(database: sqlite3.Connection, chat_id: ChatId) -> bool:
    return database.execute("DELETE FROM chats WHERE id = ?", (chat_id,)).rowcount == 1

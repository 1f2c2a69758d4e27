"""Rooms in a DynamoDB table, which several instances can share."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from reference_server.dynamodb_table import UNAVAILABLE, Table, make_client
from reference_server.names import ChatId, UserId, can_be_chat_id
from reference_server.store import Chat, StoreUnavailable
from reference_server.worker_threads import WorkerThreads

ANSWER_SECONDS = 6.5
"""Seconds that a request has before the store counts as unavailable.

STICKY-9 allows 10 s for the answer, of which a handshake can have spent 3 s waiting for the broadcast."""

MAX_REQUESTS = 64
"""Maximum number of requests at the same time."""

ADD_RETRY_SECONDS = 5.0
"""Seconds for which adding participants is tried while other instances do so too.

One of them succeeds each time."""

T = TypeVar("T")


class DynamodbStore:
    """A store with one DynamoDB item for each room.

    The metadata are stored as JSON text, because DynamoDB has no floats. The participants are a list, so that they keep
    their order; the version of the item makes adding to the list atomic.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._threads = WorkerThreads(MAX_REQUESTS)

    @classmethod
    def open(cls, endpoint: str | None, table: str) -> "DynamodbStore":
        """Return a store that connects at its first request.

        So an instance can start while DynamoDB is unavailable.

        Raises StoreError for an unusable configuration.
        """
        return cls(Table(make_client(endpoint, MAX_REQUESTS), table))

    async def create(self, chat: Chat) -> bool:
        return await self._run(lambda: _create(self._table, chat))

    async def exists(self, chat_id: ChatId) -> bool:
        return await self._get(chat_id, ProjectionExpression="id") is not None

    async def is_participant(self, chat_id: ChatId, user_id: UserId) -> bool:
        item = await self._get(chat_id, ProjectionExpression="participants")
        return item is not None and user_id in _participants(item)

    async def fetch(self, chat_id: ChatId) -> tuple[Chat, list[UserId]] | None:
        item = await self._get(chat_id)
        return None if item is None else (_chat(item), _participants(item))

    async def add_participants(self, chat_id: ChatId, user_ids: list[UserId]) -> bool:
        return can_be_chat_id(chat_id) and await self._run(lambda: _add_participants(self._table, chat_id, user_ids))

    async def delete(self, chat_id: ChatId) -> bool:
        return can_be_chat_id(chat_id) and await self._run(lambda: _delete(self._table, chat_id))

    def close(self) -> None:
        """Do nothing: unfinished requests end with the process."""

    async def _get(self, chat_id: ChatId, **more: Any) -> dict[str, Any] | None:
        if not can_be_chat_id(chat_id):
            return None  # DynamoDB would refuse most of these as keys
        return await self._run(lambda: _get(self._table, chat_id, **more))

    async def _run(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, and return its result.

        Raises StoreUnavailable if it takes too long.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._threads.run(work)
        except TimeoutError:
            raise StoreUnavailable(UNAVAILABLE) from None


def _key(chat_id: ChatId) -> dict[str, Any]:
    return {"id": {"S": chat_id}}


def _create(table: Table, chat: Chat) -> bool:
    item = _key(chat.id) | {
        "name": {"S": chat.name},
        "created_by": {"S": chat.created_by},
        "metadata": {"S": json.dumps(chat.metadata, ensure_ascii=False)},
        "created_at": {"S": chat.created_at},
        "participants": {"L": [{"S": chat.created_by}]},
        "version": {"N": "1"},
    }
    return table.request("put_item", Item=item, ConditionExpression="attribute_not_exists(id)") is not None


def _get(table: Table, chat_id: ChatId, **more: Any) -> dict[str, Any] | None:
    answer = table.request("get_item", Key=_key(chat_id), ConsistentRead=True, **more) or {}
    return answer.get("Item")


def _add_participants(table: Table, chat_id: ChatId, user_ids: list[UserId]) -> bool:
    deadline = time.monotonic() + ADD_RETRY_SECONDS
    while time.monotonic() < deadline:
        item = _get(table, chat_id)
        if item is None:
            return False
        before = _participants(item)
        after = list(dict.fromkeys(before + user_ids))
        if after == before or _replace_participants(table, chat_id, after, int(item["version"]["N"])):
            return True
        time.sleep(random.uniform(0, 0.05))
    raise StoreUnavailable("too many add participants to this room at once; try again in a few seconds")


def _replace_participants(table: Table, chat_id: ChatId, user_ids: list[UserId], version: int) -> bool:
    """Store a list of participants.

    Return False, and change nothing, if the item has another version by now.
    """
    answer = table.request(
        "update_item",
        Key=_key(chat_id),
        UpdateExpression="SET participants = :users, #version = :next",
        ConditionExpression="#version = :version",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={
            ":users": {"L": [{"S": user_id} for user_id in user_ids]},
            ":version": {"N": str(version)},
            ":next": {"N": str(version + 1)},
        },
    )
    return answer is not None


def _delete(table: Table, chat_id: ChatId) -> bool:
    return table.request("delete_item", Key=_key(chat_id), ConditionExpression="attribute_exists(id)") is not None


def _chat(item: dict[str, Any]) -> Chat:
    return Chat(
        id=item["id"]["S"],
        name=item["name"]["S"],
        created_by=item["created_by"]["S"],
        metadata=json.loads(item["metadata"]["S"]),
        created_at=item["created_at"]["S"],
    )


def _participants(item: dict[str, Any]) -> list[UserId]:
    return [UserId(user["S"]) for user in item["participants"]["L"]]

"""The HTTP routes: rooms, participants, statistics and health."""

import asyncio
import logging

from quart import Quart, Response, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout, UnsupportedMediaType

from reference_server import bodies
from reference_server.answers import UNKNOWN_ROOM, error_answer, json_answer
from reference_server.instance import Instance
from reference_server.names import ChatId, new_chat_id
from reference_server.store import Chat, Store

BODY_BYTES = 2**20
"""Maximum size of a request body in bytes."""

DISCARD_BYTES = 16 * BODY_BYTES
"""Bytes up to which a body that is too large is read before the answer.

Most clients read no answer before they have sent everything."""

BODY_SECONDS = 20.0
"""Seconds in which the body of a request has to arrive."""

_log = logging.getLogger(__name__)


def add_room_routes(app: Quart, store: Store, instance: Instance) -> None:
    """Add the routes that make, change, show and delete rooms."""

    @app.post("/api/chats")
    async def create() -> Response:
        wanted = bodies.new_chat(await _body())
        made = False
        while not made:
            chat = Chat(new_chat_id(), wanted.name, wanted.created_by, wanted.metadata, instance.clock.timestamp())
            made = await store.create(chat)
        return json_answer(201, _chat_fields(chat))

    @app.post("/api/chats/<chat_id>/participants")
    async def add_participants(chat_id: ChatId) -> Response:
        user_ids = bodies.participants(await _body())
        if not await store.add_participants(chat_id, user_ids):
            return error_answer(404, UNKNOWN_ROOM)
        return json_answer(200, {"participant_ids": user_ids})

    @app.get("/api/chats/<chat_id>")
    async def fetch(chat_id: ChatId) -> Response:
        found = await store.fetch(chat_id)
        if found is None:
            return error_answer(404, UNKNOWN_ROOM)
        chat, participants = found
        return json_answer(200, _chat_fields(chat) | {"participants": participants})

    @app.delete("/api/chats/<chat_id>")
    async def delete(chat_id: ChatId) -> Response:
        is_known = await store.delete(chat_id)
        instance.delete(chat_id)  # always: an earlier request might have deleted it, and lost its answer
        if not is_known:
            return error_answer(404, UNKNOWN_ROOM)
        _log.info("deleted chat=%s", chat_id)
        return Response(status=204)


def add_status_routes(app: Quart, instance: Instance) -> None:
    """Add the routes that show the statistics and the health of the instance."""

    @app.get("/api/chats/ws/stats")
    async def stats() -> Response:
        return json_answer(200, dict(instance.stats()))

    @app.get("/health")
    async def health() -> Response:
        if instance.stopping:
            return error_answer(503, "the server shuts down")
        return json_answer(200, {"status": "ok"})


def _chat_fields(chat: Chat) -> dict[str, object]:
    return {"id": chat.id, "name": chat.name, "metadata": chat.metadata, "created_at": chat.created_at}


async def _body() -> bytes:
    """Read the body of the current request.

    Raises RequestTimeout, RequestEntityTooLarge and UnsupportedMediaType.
    """
    body = bytearray()
    length = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.body:
                length += len(part)
                if length <= BODY_BYTES:
                    body += part
                elif length > DISCARD_BYTES:
                    break
    except TimeoutError:
        raise RequestTimeout(f"expected the whole body within {BODY_SECONDS:g} s") from None
    if length > BODY_BYTES:
        raise RequestEntityTooLarge(f"expected a body of at most {BODY_BYTES} bytes")
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("expected Content-Type: application/json")
    return bytes(body)

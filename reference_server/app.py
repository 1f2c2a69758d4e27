"""The routes. The application runs under any ASGI server; see ``serve`` for what Hypercorn adds."""

import json
import logging
from typing import cast
from urllib.parse import parse_qs

from quart import Quart, Response, request, websocket
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import BaseConverter

from reference_server import bodies
from reference_server.close_codes import CloseCode
from reference_server.cors import allow_every_origin
from reference_server.errors import Away
from reference_server.instance import Instance
from reference_server.log import origin
from reference_server.member import Member
from reference_server.names import USER_ID_LENGTH, ChatId, UserId, can_be_chat_id, fault_in, new_chat_id
from reference_server.page import add_page
from reference_server.store import Chat, Store, TooLarge
from reference_server.websocket import ChatConnection, ChatWebsocket

BODY_BYTES = 2**20
"""The longest body of a request."""

DISCARD_BYTES = 16 * BODY_BYTES
"""A body that is too long is read up to here before the answer, because most clients read no answer before they have
sent everything."""

UNKNOWN_ROOM = "there is no chat with this id; POST /api/chats makes one"

_HTTP_ERRORS = {
    400: "expected a WebSocket handshake here",
    404: "there is nothing at this path",
    405: "this path takes other methods; the header Allow names them",
}

_log = logging.getLogger(__name__)


class _Anything(BaseConverter):
    """What stands for an id in a handshake, with slashes and line ends: even what is none is refused as an id."""

    regex = r"[\s\S]*"
    part_isolating = False


def create_app(store: Store, instance: Instance) -> Quart:
    """The service, on this store."""
    app = Quart(__name__, static_folder=None)
    app.asgi_websocket_class = ChatConnection
    app.websocket_class = ChatWebsocket
    app.config["MAX_CONTENT_LENGTH"] = None  # _body has the limit
    app.url_map.converters["anything"] = _Anything
    app.url_map.merge_slashes = False  # otherwise a handshake with // in its path is redirected
    allow_every_origin(app)
    add_page(app)

    @app.post("/api/chats")
    async def create() -> Response:
        wanted = bodies.new_chat(await _body())
        made = False
        while not made:
            chat = Chat(new_chat_id(), wanted.name, wanted.created_by, wanted.metadata, instance.clock.timestamp())
            made = await store.create(chat)
        return _answer(201, _shown(chat))

    @app.post("/api/chats/<chat_id>/participants")
    async def add_participants(chat_id: ChatId) -> Response:
        user_ids = bodies.participants(await _body())
        if not await store.add_participants(chat_id, user_ids):
            return _answer(404, {"error": UNKNOWN_ROOM})
        return _answer(200, {"participant_ids": user_ids})

    @app.get("/api/chats/<chat_id>")
    async def fetch(chat_id: ChatId) -> Response:
        found = await store.fetch(chat_id)
        if found is None:
            return _answer(404, {"error": UNKNOWN_ROOM})
        chat, participants = found
        return _answer(200, _shown(chat) | {"participants": participants})

    @app.delete("/api/chats/<chat_id>")
    async def delete(chat_id: ChatId) -> Response:
        is_known = await store.delete(chat_id)
        instance.delete(chat_id)  # even so: the store may have deleted it before, when its answer got lost
        if not is_known:
            return _answer(404, {"error": UNKNOWN_ROOM})
        _log.info("deleted chat=%s", chat_id)
        return Response(status=204)

    @app.get("/api/chats/ws/stats")
    async def stats() -> Response:
        return _answer(200, dict(instance.stats()))

    @app.get("/health")
    async def health() -> Response:
        if instance.stopping:
            return _answer(503, {"error": "the server shuts down"})
        return _answer(200, {"status": "ok"})

    @app.websocket("/api/chats/ws/<anything:chat_id>")
    async def connect(chat_id: ChatId) -> Response | None:
        socket = cast(ChatWebsocket, websocket._get_current_object())  # type: ignore[attr-defined]
        if instance.stopping:
            return _refusal(503, chat_id, "the server shuts down")
        if not can_be_chat_id(chat_id):
            _log.warning("refused chat=%r: not an id", chat_id)
            await socket.accept()
            await socket.close(CloseCode.NO_SUCH_ROOM, "this cannot be the id of a chat")
            return None
        user_ids = _user_ids(socket.query_string)
        if len(user_ids) != 1:
            return _refusal(400, chat_id, "expected one user_id in the query string, percent-encoded UTF-8")
        fault = fault_in(user_ids[0], USER_ID_LENGTH)
        if fault is not None:
            return _refusal(400, chat_id, f"user_id must {fault}")
        room = instance.room(chat_id)
        async with instance.broadcast.heard(chat_id):
            if not await store.exists(chat_id):
                return _refusal(403, chat_id, UNKNOWN_ROOM)
            await socket.accept()
            if room.deleted or instance.stopping:
                await socket.close(CloseCode.NO_SUCH_ROOM if room.deleted else CloseCode.GOING_AWAY)
                return None
            await Member(user_ids[0], instance, room, socket).attend()
        return None

    @app.errorhandler(bodies.BodyError)
    async def bad_body(error: bodies.BodyError) -> Response:
        return _answer(400, {"error": str(error)})

    @app.errorhandler(Away)
    async def away(error: Away) -> Response:
        _log.warning("refused path=%r: %s", (request or websocket).path, error)
        return _answer(503, {"error": str(error)})

    @app.errorhandler(TooLarge)
    async def too_large(error: TooLarge) -> Response:
        return _answer(413, {"error": str(error)})

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        response = _answer(error.code or 500, {"error": _HTTP_ERRORS.get(error.code or 500, error.description)})
        response.headers.extend((name, value) for name, value in error.get_headers() if name.lower() != "content-type")
        return response

    @app.errorhandler(Exception)
    async def crash(error: Exception) -> Response:
        _log.error("error: %s", origin(error))
        return _answer(500, {"error": "the server broke; its log says where"})

    return app


def _answer(status: int, body: dict[str, object]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")


def _refusal(status: int, chat_id: str, reason: str) -> Response:
    """An answer in place of the handshake's 101."""
    _log.warning("refused chat=%r: %s", chat_id, reason)
    return _answer(status, {"error": reason})


def _shown(chat: Chat) -> dict[str, object]:
    return {"id": chat.id, "name": chat.name, "metadata": chat.metadata, "created_at": chat.created_at}


async def _body() -> bytes:
    """The body of the current request. Raises RequestEntityTooLarge and UnsupportedMediaType."""
    body = bytearray()
    length = 0
    async for part in request.body:
        length += len(part)
        if length <= BODY_BYTES:
            body += part
        elif length > DISCARD_BYTES:
            break
    if length > BODY_BYTES:
        raise RequestEntityTooLarge(f"expected a body of at most {BODY_BYTES} bytes")
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("expected Content-Type: application/json")
    return bytes(body)


def _user_ids(query: bytes) -> list[UserId]:
    """Every user_id that the query string gives; none if it is not percent-encoded UTF-8."""
    try:
        fields = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        return []
    return [UserId(value) for value in fields.get("user_id", [])]

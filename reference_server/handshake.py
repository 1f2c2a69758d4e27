"""The WebSocket route: it refuses a handshake, or makes the connection a member."""

import logging
from typing import cast
from urllib.parse import parse_qs

from quart import Quart, Response, websocket
from werkzeug.routing import BaseConverter

from reference_server.answers import NO_PARTICIPANT, UNKNOWN_ROOM, error_answer
from reference_server.close_codes import CloseCode
from reference_server.instance import Instance
from reference_server.member import Member
from reference_server.names import USER_ID_LENGTH, ChatId, UserId, can_be_chat_id, name_problem
from reference_server.store import Store
from reference_server.websocket import ChatConnection, ChatWebsocket

_log = logging.getLogger(__name__)


class _AnyPath(BaseConverter):
    """Any text in the place of an id, slashes and line ends included.

    So a bad id is refused as an id (REFUSE-2), and not as an unknown path.
    """

    regex = r"[\s\S]*"
    part_isolating = False


def add_websocket_route(app: Quart, store: Store, instance: Instance, *, participants_only: bool) -> None:
    """Add the route to which clients connect."""
    app.asgi_websocket_class = ChatConnection
    app.websocket_class = ChatWebsocket
    app.url_map.converters["anything"] = _AnyPath
    app.url_map.merge_slashes = False  # otherwise a handshake with // in its path is redirected

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
        problem = _user_id_problem(user_ids)
        if problem is not None:
            return _refusal(400, chat_id, problem)
        return await _admit(socket, chat_id, user_ids[0], store, instance, participants_only)


async def _admit(
    socket: ChatWebsocket, chat_id: ChatId, user_id: UserId, store: Store, instance: Instance, participants_only: bool
) -> Response | None:
    """Make the connection a member, and serve it until it ends.

    Return a refusal if there is no such room, or if the user may not join it.

    Raises StoreUnavailable and BroadcastUnavailable.
    """
    room = instance.room(chat_id)
    async with instance.broadcast.subscribed(chat_id):
        if not await store.exists(chat_id):
            return _refusal(403, chat_id, UNKNOWN_ROOM)
        if participants_only and not await store.is_participant(chat_id, user_id):
            return _refusal(403, chat_id, NO_PARTICIPANT)
        await socket.accept()
        if room.deleted or instance.stopping:
            await socket.close(CloseCode.NO_SUCH_ROOM if room.deleted else CloseCode.GOING_AWAY)
            return None
        await Member(user_id, instance, room, socket).run()
    return None


def _refusal(status: int, chat_id: str, reason: str) -> Response:
    """Log a refusal, and return the answer that takes the place of the status 101."""
    _log.warning("refused chat=%r: %s", chat_id, reason)
    return error_answer(status, reason)


def _user_ids(query: bytes) -> list[UserId]:
    """Return every user_id in a query string; none if it is not encoded UTF-8."""
    try:
        fields = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        return []
    return [UserId(value) for value in fields.get("user_id", [])]


def _user_id_problem(user_ids: list[UserId]) -> str | None:
    """Return why user ids are refused; None for one good id (REFUSE-3, REFUSE-5)."""
    if len(user_ids) != 1:
        return "expected one user_id in the query string, percent-encoded UTF-8"
    problem = name_problem(user_ids[0], USER_ID_LENGTH)
    return None if problem is None else f"user_id must {problem}"

"""Answers over HTTP."""

import json

from quart import Response

UNKNOWN_ROOM = "there is no chat with this id; POST /api/chats makes one"
"""The error for an id that names no room."""

NO_PARTICIPANT = "only participants of this chat may join; POST /api/chats/{id}/participants adds some"
"""The error for a user who may not join a room."""


def json_answer(status: int, body: dict[str, object]) -> Response:
    """Return an answer with a JSON object as its body."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")


def error_answer(status: int, reason: str) -> Response:
    """Return an answer that gives the reason of an error."""
    return json_answer(status, {"error": reason})

"""Signs in a server's first answers that it speaks another protocol than ours."""

import msgspec

from roomproof.client.http import Answer

ADVICE = "is this a Roomproof-compatible server? See PROTOCOL.md and `roomproof verify --help`"

NO_SUCH_RESOURCE = frozenset({404, 405, 501})
"""Statuses of a server that does not know a path or a method."""

REFUSALS = frozenset({401, 403, 407})
"""Statuses that refuse a request, with a page or without: no sign of another protocol."""

NO_WEBSOCKET = NO_SUCH_RESOURCE | {400, 426}
"""Statuses of a server that has no WebSocket at a path, besides those of success and redirection."""

FIELDS = frozenset({"type", "content", "sender_id", "user_id", "chat_id", "timestamp"})
"""Fields of our frames."""

TYPES = ("message", "system", "error", "pong")
"""Types of our frames."""

OWN_FIELDS = 3
"""Number of our fields that make a frame one of ours, whatever else is wrong with it."""


def other_room_answer(answer: Answer) -> str | None:
    """Return why an answer to POST /api/chats is of another protocol; None if of ours."""
    is_page = answer.status < 500 and answer.status not in REFUSALS and answer.body.lstrip()[:1] == b"<"
    lacks_id = answer.ok and "id" not in answer.fields()
    if is_page or lacks_id or answer.status in NO_SUCH_RESOURCE or 300 <= answer.status < 400:
        return _sentence("201 with a JSON object that has an `id` for POST /api/chats", str(answer))
    return None


def other_handshake_answer(status: int | None, reason: str) -> str | None:
    """Return why the first handshake's answer is of another protocol; None if of ours."""
    if status is None or not (status in NO_WEBSOCKET or 200 <= status < 400):
        return None
    return _sentence("101 for a WebSocket at /api/chats/ws/ID", f"HTTP status {status} {reason!r}")


def other_answer_in_dialect(expected: str, got: str) -> str:
    """Return why a first answer is not the one that a target file describes."""
    return f"expected {expected}, got {got}; correct the target file, which `roomproof dialect FILE` tries out"


def other_frames(frames: list[str | bytes]) -> str | None:
    """Return why received frames are of another protocol.

    None if one of them is of ours, and without frames.
    """
    if not frames or any(_is_ours(frame) for frame in frames):
        return None
    return _sentence("frames like {'type': 'message', 'content': ..., 'sender_id': ...}", repr(frames[0])[:300])


def _is_ours(frame: str | bytes) -> bool:
    try:
        fields = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return isinstance(fields, dict) and (fields.get("type") in TYPES or len(FIELDS & fields.keys()) >= OWN_FIELDS)


def _sentence(expected: str, got: str) -> str:
    return f"expected {expected}, got {got}; {ADVICE}"

"""Hooks for planting faults where the reference server makes and decodes frames."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from quart import Response

from reference_server import frames, serve
from reference_server.member import Member
from tests.faults.fault import wrap

Send = Callable[[str], bool]

Answerer = Callable[[], Awaitable[Response | None]]
"""A function that answers a handshake before the server, or leaves it to the server."""


def on_send(change: Callable[[Member, dict[str, Any], Send], bool]) -> None:
    """Let `change(member, fields, send)` replace each frame that a member is sent.

    `send(frame)` queues a frame for the member.
    """
    original = Member.enqueue

    def enqueue(self: Member, frame: str) -> bool:
        return bool(change(self, json.loads(frame), lambda text: original(self, text)))

    Member.enqueue = enqueue  # type: ignore[method-assign]


def encoded(fields: dict[str, Any]) -> str:
    """A frame with these fields, as the reference server writes it."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def is_message(fields: dict[str, Any]) -> bool:
    """Whether a frame carries a message."""
    return bool(fields["type"] == "message")


def joined(fields: dict[str, Any]) -> str | None:
    """The user whose join a notice announces; None for any other frame."""
    return _about(fields, " joined the chat")


def left(fields: dict[str, Any]) -> str | None:
    """The user whose leave a notice announces; None for any other frame."""
    return _about(fields, " left the chat")


def _about(fields: dict[str, Any], ending: str) -> str | None:
    content = fields["content"]
    return content.removesuffix(ending) if fields["type"] == "system" and content.endswith(ending) else None


def change_messages(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let `change(fields)` replace the fields of every message before its broadcast."""
    original = frames.message

    def message(*arguments: Any) -> str:
        return encoded(change(json.loads(original(*arguments))))

    frames.message = message  # type: ignore[assignment]  # it takes whatever the original takes


def change_frames(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let `change(fields)` replace the fields of every item before its broadcast."""
    change_messages(change)
    for name in ("join_notice", "leave_notice"):
        original = getattr(frames, name)

        def notice(*arguments: Any, original: Callable[..., str] = original) -> str:
            return encoded(change(json.loads(original(*arguments))))

        setattr(frames, name, notice)


def on_receive(change: Callable[[str | bytes, Callable[[str | bytes], Any]], Any]) -> None:
    """Let `change(frame, decode)` decode the frames of clients.

    `decode(frame)` is the decoder of the reference server.
    """
    original = frames.decode
    frames.decode = lambda frame: change(frame, original)


def members_of_all_rooms(member: Member) -> list[Any]:
    """The members of all rooms of the instance."""
    return [one for room in list(member._instance._rooms.values()) for one in list(room.members)]


def before_websocket(answering: Answerer) -> None:
    """Answer those handshakes for which the function returns an answer."""

    def wrapped(create_app: Any) -> Any:
        def creating(*arguments: Any, **options: Any) -> Any:
            application = create_app(*arguments, **options)
            application.before_websocket(answering)
            return application

        return creating

    wrap(serve, "create_app", wrapped)

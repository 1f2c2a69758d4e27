"""Ways into the reference server through which most faults are planted: what members are told, and what they say."""

import json
from collections.abc import Callable
from typing import Any

from reference_server import frames
from reference_server.member import Member
from reference_server.room import ChatRoom

Tell = Callable[[str], bool]


def told(change: Callable[[Member, dict[str, Any], Tell], bool]) -> None:
    """Plant between a room and its members: `change(member, fields, tell)` decides what becomes of each frame.

    `tell(frame)` queues a frame for the member.
    """
    original = Member.enqueue

    def tell(self: Member, frame: str) -> bool:
        return bool(change(self, json.loads(frame), lambda text: original(self, text)))

    Member.enqueue = tell  # type: ignore[method-assign]


def encoded(fields: dict[str, Any]) -> str:
    """A frame with these fields, as the reference server writes it."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def is_message(fields: dict[str, Any]) -> bool:
    """Whether a frame carries a message."""
    return bool(fields["type"] == "message")


def joined(fields: dict[str, Any]) -> str | None:
    """The user that a notice says joined."""
    return _about(fields, " joined the chat")


def left(fields: dict[str, Any]) -> str | None:
    """The user that a notice says left."""
    return _about(fields, " left the chat")


def _about(fields: dict[str, Any], ending: str) -> str | None:
    content = fields["content"]
    return content.removesuffix(ending) if fields["type"] == "system" and content.endswith(ending) else None


def messages(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change every message before it is told to anybody."""
    original = frames.message

    def message(*arguments: Any) -> str:
        return encoded(change(json.loads(original(*arguments))))

    frames.message = message  # type: ignore[assignment]  # it takes whatever the original takes


def frames_told(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change every message and every notice before it is told to anybody."""
    messages(change)
    for name in ("join_notice", "leave_notice"):
        original = getattr(frames, name)

        def notice(*arguments: Any, original: Callable[..., str] = original) -> str:
            return encoded(change(json.loads(original(*arguments))))

        setattr(frames, name, notice)


def heard(change: Callable[[str | bytes, Callable[[str | bytes], Any]], Any]) -> None:
    """Change how what a client says is understood: `change(frame, decode)`."""
    original = frames.decode
    frames.decode = lambda frame: change(frame, original)


def rooms_of(member: Member) -> ChatRoom[Any]:
    """The room of a member."""
    return member._room


def everybody(member: Member) -> list[Any]:
    """The members of all rooms of the instance."""
    return [one for room in list(member._instance._rooms.values()) for one in list(room.members)]

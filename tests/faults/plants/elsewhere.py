"""Faults that reach a user's connections in other rooms."""

from typing import Any

from reference_server import frames
from reference_server.close_codes import CloseCode
from reference_server.frames import BadFrame
from reference_server.instance import Instance
from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import fault, wrap


def _elsewhere(instance: Any, room: ChatRoom[Any], user: str) -> list[Any]:
    """The connections of a user in the other rooms."""
    others = [other for other in list(instance._rooms.values()) if other is not room]
    return [member for other in others for member in list(other.members) if member.user_id == user]


@fault(
    "leaving one room leaves all",
    breaks="LEAVE-4",
    also={"DELIVER-14": "the other room is told of a leave that never was"},
)
def leaves_all() -> None:
    """Leaving a room ends the user's other memberships; the connections stay open."""

    def wrapped(leave: Any) -> Any:
        def thorough(self: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
            others = _elsewhere(self, room, member.user_id) if member in room.members else []
            leave(self, room, member, why)
            for other in others:
                leave(self, other._room, other, why)

        return thorough

    wrap(Instance, "leave", wrapped)


@fault("a deletion closes its members everywhere", breaks="CLOSE-1", shows=Kind.DROPPED)
def deletion_closes_all() -> None:
    """Deleting a room also closes its members in other rooms, with 4004."""

    def wrapped(end: Any) -> Any:
        def thorough(self: Instance, chat_id: Any) -> None:
            room = self._rooms.get(chat_id)
            for user in {member.user_id for member in room.members} if room else set():
                for other in _elsewhere(self, self._rooms[chat_id], user):
                    other.close(CloseCode.NO_SUCH_ROOM)
            end(self, chat_id)

        return thorough

    wrap(Instance, "close_room", wrapped)


@fault("a bad frame closes its sender elsewhere", breaks="FRAME-2")
def bad_frame_closes_elsewhere() -> None:
    """A bad frame closes its sender's connections in other rooms with 1003."""

    def wrapped(hear: Any) -> Any:
        def strict(self: Member, frame: str | bytes) -> None:
            if isinstance(frames.decode(frame), BadFrame):
                for other in _elsewhere(self._instance, self._room, self.user_id):
                    other.close(1003)
            hear(self, frame)

        return strict

    wrap(Member, "_handle", wrapped)

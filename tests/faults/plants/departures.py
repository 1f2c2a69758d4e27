"""Faults when members leave and return."""

import asyncio
from typing import Any

from reference_server import frames
from reference_server.instance import Instance
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import fault, wrap
from tests.faults.plants.rooms import MADE, note_rooms

Leave = Any
"""The function `leave(instance, room, member, why)`, which ends a membership."""


def leaving(change: Any) -> None:
    """Let `change(leave, instance, room, member, why)` end memberships."""

    def wrapped(leave: Leave) -> Any:
        def changed(self: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
            if member in room.members:
                change(leave, self, room, member, why)

        return changed

    wrap(Instance, "leave", wrapped)


def is_broken(why: str) -> bool:
    """Whether a membership ended without a Close frame."""
    return "1006" in why or "broke" in why


@fault(
    "the creator's leave closes all members",
    breaks="CLOSE-1",
    shows=Kind.DROPPED,
    also={
        "DELIVER-14": "leave notices tell of members whose own Close frames cross with ours",
        "FRAME-3": "some of the members have sent bad frames",
    },
)
def maker_leaves() -> None:
    """When the creator of a room leaves it, all other members are closed with 1000."""

    def change(leave: Leave, instance: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
        leave(instance, room, member, why)
        if any((chat.id, chat.created_by) == (room.chat_id, member.user_id) for chat in MADE):
            for other in list(room.members):
                other.close(1000)

    note_rooms()
    leaving(change)


@fault("a broken link not announced to one member", breaks="LEAVE-2")
def skipped() -> None:
    """When a link breaks, the member that joined next misses the leave notice."""

    def change(leave: Leave, instance: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
        present = list(room.members)
        behind = present[present.index(member) + 1 :][:1] if is_broken(why) else []
        for one in behind:
            del room.members[one]
        leave(instance, room, member, why)
        room.members = {one: None for one in present if one in room.members or one in behind}

    leaving(change)


@fault(
    "a quick return not announced",
    breaks="LEAVE-1",
    also={"JOIN-1": "the join is not announced, either", "LEAVE-2": "nor is the end of a link"},
)
def quick_return() -> None:
    """A leave is announced 0.5 s late, and not at all if the user is back by then."""
    going: dict[tuple[str, str], list[asyncio.TimerHandle]] = {}

    def leave(self: ChatRoom[Any], member: Any, timestamp: str) -> list[Any]:
        if member not in self.members:
            return []
        del self.members[member]
        key = self.chat_id, member.user_id

        def announce() -> None:
            going[key].pop(0)
            self._deliver_all(frames.leave_notice(member.user_id, self.chat_id, timestamp), timestamp)

        going.setdefault(key, []).append(asyncio.get_running_loop().call_later(0.5, announce))
        return []

    def wrapped(join: Any) -> Any:
        def quiet(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            if not going.get((self.chat_id, member.user_id)):
                return join(self, member, timestamp)
            going[self.chat_id, member.user_id].pop(0).cancel()
            self.members[member] = None
            return []

        return quiet

    ChatRoom.leave = leave  # type: ignore[method-assign]
    wrap(ChatRoom, "join", wrapped)


@fault("closes with application codes not announced", breaks="LEAVE-1")
def codes_from_3000() -> None:
    """A close with a code of 3000 or more is not announced as a leave."""

    def change(leave: Leave, instance: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
        if "(3" in why or "(4" in why:
            del room.members[member]
        else:
            leave(instance, room, member, why)

    leaving(change)

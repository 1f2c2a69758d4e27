"""Faults: limits that the protocol does not have, and errors at a limit."""

from typing import Any

from reference_server.frames import BadFrame, ValidMessage
from reference_server.instance import Instance
from reference_server.member import Member
from reference_server.outbox import Outbox
from reference_server.room import ChatRoom
from tests.faults.fault import fault, wrap
from tests.faults.plants.hooks import on_receive


@fault("only 25 members receive", breaks="DELIVER-1", also={"JOIN-1": "the others receive no notices, either"})
def first_25() -> None:
    """Only the first 25 members of a room receive its frames."""

    def hear(self: ChatRoom[Any], frame: str) -> list[Any]:
        behind = [member for member in list(self.members)[:25] if not member.enqueue(frame)]
        for member in behind:
            del self.members[member]
        return behind

    ChatRoom.deliver = hear  # type: ignore[method-assign]


@fault("a third device is closed", breaks="JOIN-6")
def third_device() -> None:
    """A user's third connection to a room is closed with 1008."""

    def wrapped(attend: Any) -> Any:
        async def limited(self: Member) -> None:
            if sum(one.user_id == self.user_id for one in self._room.members) >= 2:
                await self._socket.close(1008, "too many devices")
            else:
                await attend(self)

        return limited

    wrap(Member, "run", wrapped)


@fault("full outboxes drop in silence", breaks="DELIVER-1")
def silent_overflow() -> None:
    """Frames for a member 100 frames behind are dropped; the member stays connected."""
    wrap(Outbox, "put", lambda put: lambda self, frame: len(self._frames) >= 100 or put(self, frame))


@fault("frames of 126 bytes misread", breaks="DELIVER-13", also={"FRAME-5": "what is misread gets an error frame"})
def frames_of_126() -> None:
    """A frame of exactly 126 bytes, the shortest with an extended length, is misread."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        is_misread = isinstance(understood, ValidMessage) and isinstance(frame, str) and len(frame.encode()) == 126
        return BadFrame("not JSON") if is_misread else understood

    on_receive(change)


@fault("ten rooms listed", breaks="STATS-3")
def ten_rooms() -> None:
    """The statistics list at most ten active rooms."""

    def wrapped(stats: Any) -> Any:
        def cut(self: Instance) -> Any:
            found = stats(self)
            rooms = found["active_rooms"][:10]
            return {**found, "active_rooms": rooms, "rooms_count": len(rooms)}

        return cut

    wrap(Instance, "stats", wrapped)

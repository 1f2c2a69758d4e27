"""Faults that treat all connections of one user as one."""

from typing import Any

from reference_server import frames
from reference_server.frames import BadFrame, PingRequest
from reference_server.member import Member
from roomproof.judge.findings import Kind
from tests.faults.fault import fault, wrap


def _on_frame(change: Any) -> None:
    wrap(Member, "_handle", lambda hear: lambda self, frame: change(self, frame, lambda: hear(self, frame)))


def _devices(member: Member) -> list[Any]:
    """The connections of a member's user in its room, the member's own included."""
    return [one for one in list(member._room.members) if one.user_id == member.user_id]


@fault(
    "errors for all devices",
    breaks="FRAME-2",
    shows=Kind.UNPROVOKED_ERROR,
    also={"FRAME-5": "the other devices have sent valid messages only"},
)
def errors_for_all() -> None:
    """The error frame for a bad frame goes to all connections of the user in the room."""

    def change(member: Member, frame: str | bytes, hear: Any) -> None:
        understood = frames.decode(frame)
        if isinstance(understood, BadFrame):
            for device in _devices(member):
                device.enqueue(frames.error(understood.reason))
        else:
            hear()

    _on_frame(change)


@fault("pongs for all devices", breaks="FRAME-7")
def pongs_for_all() -> None:
    """The pong that answers a ping goes to all of the user's connections in the room."""

    def change(member: Member, frame: str | bytes, hear: Any) -> None:
        if isinstance(frames.decode(frame), PingRequest):
            for device in _devices(member):
                device.enqueue(frames.pong(member._instance.clock.timestamp()))
        else:
            hear()

    _on_frame(change)


@fault("a binary frame closes all devices", breaks="FRAME-2", shows=Kind.DROPPED)
def binary_closes_all() -> None:
    """A binary frame closes all of the user's connections in the room with 1003."""

    def change(member: Member, frame: str | bytes, hear: Any) -> None:
        if isinstance(frame, bytes):
            for device in _devices(member):
                device.close(1003)
        else:
            hear()

    _on_frame(change)

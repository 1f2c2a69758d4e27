"""The end of a membership, with a socket that does not take what it is sent."""

import asyncio
from typing import cast

import pytest

from reference_server import member
from reference_server.clock import Clock
from reference_server.close_codes import CloseCode
from reference_server.instance import Instance
from reference_server.member import Member
from reference_server.names import ChatId, UserId
from reference_server.websocket import ChatWebsocket

CHAT = ChatId("0b5c1a52-7a5e-4d53-9be8-1c1a3f0c5a11")


class StuckSocket:
    """The socket of a client that neither reads nor says anything."""

    def __init__(self) -> None:
        self.closed_with: list[int] = []

    async def receive(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def send(self, _: str) -> None:
        await asyncio.get_running_loop().create_future()

    async def close(self, code: int) -> None:
        self.closed_with.append(code)


async def end_of_a_stuck_member() -> list[int]:
    """Delete the room of a stuck member, and return the codes of its Close frames."""
    socket, instance = StuckSocket(), Instance(Clock())
    room = instance.room(CHAT)
    slow = Member(UserId("slow"), instance, room, cast(ChatWebsocket, socket))
    assert slow.enqueue("a frame that stays queued")
    running = asyncio.create_task(slow.run())
    while slow not in room.members:
        await asyncio.sleep(0)

    instance.close_room(CHAT)
    await running

    return socket.closed_with


def test_a_member_that_does_not_read_finds_the_right_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "CLOSING_FLUSH_SECONDS", 0.0)

    assert asyncio.run(end_of_a_stuck_member()) == [CloseCode.NO_SUCH_ROOM]

"""Faults that show only if somebody acts while the server waits for something."""

import asyncio
from typing import Any

from reference_server.instance import Instance
from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap

PAUSE_S = 0.002
"""Seconds for which the server waits for its database, or for its bus."""

CHANGE_S = 0.01
"""Seconds for which a change of a room's members endangers messages in other rooms."""


NEITHER_NOTICE = "members in two objects do not receive each other's notices, either"

OVERTAKES = {"CLOSE-3": "a join that waits can overtake a deletion"}


@fault(
    "an empty room made twice",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    perhaps={"JOIN-1": NEITHER_NOTICE, "LEAVE-1": NEITHER_NOTICE, **OVERTAKES},
)
def made_twice() -> None:
    """The first member of a room waits 2 ms, then makes the room object.

    Two who do so at one time are in two objects.
    """

    def wrapped(run: Any) -> Any:
        async def making(self: Any) -> None:
            if not self._room.members:
                await asyncio.sleep(PAUSE_S)
                self._room = self._instance._rooms[self._room.chat_id] = ChatRoom(self._room.chat_id)
            await run(self)

        return making

    wrap(Member, "run", wrapped)


@fault(
    "an empty room purged under a newcomer",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    also={"JOIN-1": NEITHER_NOTICE},
    perhaps={"LEAVE-1": NEITHER_NOTICE},
)
def purged() -> None:
    """After the last leave the server waits 2 ms, then forgets the room object.

    A connection that joined meanwhile stays in it. All later ones are in another.
    """

    def wrapped_leave(leave: Any) -> Any:
        def purging(self: Instance, room: ChatRoom[Any], member: Any, reason: str) -> None:
            was_member = member in room.members
            leave(self, room, member, reason)
            if was_member and not room.members:
                asyncio.get_running_loop().call_later(PAUSE_S, self._rooms.pop, room.chat_id, None)

        return purging

    def wrapped_run(run: Any) -> Any:
        async def finding(self: Any) -> None:
            self._room = self._instance._rooms.setdefault(self._room.chat_id, self._room)
            await run(self)

        return finding

    wrap(Instance, "leave", wrapped_leave)
    wrap(Member, "run", wrapped_run)


@fault(
    "a room subscribed twice",
    breaks="DELIVER-3",
    shows=Kind.DUPLICATED,
    perhaps={
        "JOIN-1": "join notices arrive twice, too",
        "LEAVE-1": "leave notices arrive twice, too",
        "ORDER-1": "the copies are out of order",
    },
)
def subscribed_twice() -> None:
    """The first member of a room waits 2 ms for a subscription to the room.

    Two who do so at one time subscribe twice: then everything comes twice.
    """
    subscriptions: dict[str, int] = {}

    def wrapped_run(run: Any) -> Any:
        async def subscribing(self: Any) -> None:
            chat_id = self._room.chat_id
            if chat_id not in subscriptions:
                await asyncio.sleep(PAUSE_S)
                subscriptions[chat_id] = subscriptions.get(chat_id, 0) + 1
            try:
                await run(self)
            finally:
                if not self._room.members:
                    subscriptions.pop(chat_id, None)

        return subscribing

    def wrapped_deliver(deliver: Any) -> Any:
        def repeating(self: ChatRoom[Any], frame: str) -> list[Any]:
            return [member for _ in range(subscriptions.get(self.chat_id, 1)) for member in deliver(self, frame)]

        return repeating

    wrap(Member, "run", wrapped_run)
    wrap(ChatRoom, "deliver", wrapped_deliver)


@fault("a join overtakes a deletion", breaks="CLOSE-3")
def overtakes() -> None:
    """A connection that is let in becomes a member 2 ms later.

    Nobody looks whether its room was deleted meanwhile.
    """

    def wrapped(run: Any) -> Any:
        async def joining_late(self: Any) -> None:
            await asyncio.sleep(PAUSE_S)
            await run(self)

        return joining_late

    wrap(Member, "run", wrapped)


@fault(
    "a leave shifts a broadcast",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    perhaps={
        "DELIVER-2": "one misses its own message",
        "JOIN-1": "one misses a notice",
        "LEAVE-1": "one misses a notice",
        "LEAVE-2": "one misses a notice",
        "DELIVER-10": "one gets a message that was said before it came",
        "DELIVER-11": "one misses last words before a close",
        "DELIVER-12": "one misses last words of the dead",
        "ORDER-2": "the others are out of step",
    },
)
def shifted() -> None:
    """A broadcast pauses 2 ms after the first member, then goes on with the second.

    If the first leaves meanwhile, one member is skipped.
    """

    queues: dict[ChatRoom[Any], asyncio.Queue[str]] = {}
    walks: set[asyncio.Task[None]] = set()

    async def walk(room: ChatRoom[Any]) -> None:
        while True:
            frame = await queues[room].get()
            number = 0
            while number < len(room.members):
                list(room.members)[number].enqueue(frame)
                number += 1
                if number == 1:
                    await asyncio.sleep(PAUSE_S)

    def deliver(self: ChatRoom[Any], frame: str) -> list[Any]:
        if self not in queues:
            queues[self] = asyncio.Queue()
            walks.add(asyncio.create_task(walk(self)))
        queues[self].put_nowait(frame)
        return []

    ChatRoom.deliver = deliver  # type: ignore[method-assign]


@fault(
    "messages lost while strangers come and go",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    perhaps={"DELIVER-2": "the sender does not receive a lost message, either"},
)
def lost_meanwhile() -> None:
    """Of the messages within 10 ms of a change in another room, 0.3 % reach nobody."""
    turn = every(333)
    changes: dict[ChatRoom[Any], float] = {}

    def wrapped_change(change: Any) -> Any:
        def noting(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            changes[self] = asyncio.get_running_loop().time()
            return change(self, member, timestamp)

        return noting

    def wrapped_send(send: Any) -> Any:
        def losing(self: ChatRoom[Any], sender: Any, content: str, timestamp: str) -> Any:
            since = asyncio.get_running_loop().time() - CHANGE_S
            is_meanwhile = any(at > since for room, at in changes.items() if room is not self)
            return [] if is_meanwhile and turn() else send(self, sender, content, timestamp)

        return losing

    wrap(ChatRoom, "join", wrapped_change)
    wrap(ChatRoom, "leave", wrapped_change)
    wrap(ChatRoom, "send_message", wrapped_send)

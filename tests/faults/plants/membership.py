"""Faults in which connections become members, and when."""

import asyncio
from typing import Any

from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, encoded, on_send


@fault(
    "first message after a join lost",
    breaks="JOIN-5",
    also={
        "JOIN-2": "somebody alone who speaks once seems to be no member",
        "DELIVER-1": "the lost message reaches nobody",
    },
    perhaps={
        "DELIVER-2": "somebody alone hears the second message only",
        "DELIVER-11": "the lost message is the last one before a close",
    },
)
def first_words_lost() -> None:
    """A connection's first frame is dropped if it comes within 50 ms of the handshake."""
    turn = every(1)

    def wrapped(attend: Any) -> Any:
        async def attending(self: Any) -> None:
            self._hasty_until = asyncio.get_running_loop().time() + 0.05
            await attend(self)

        return attending

    def wrapped_hear(hear: Any) -> Any:
        def hasty(self: Any, frame: str | bytes) -> None:
            is_first, self._has_spoken = not self.__dict__.get("_has_spoken"), True
            if not is_first or asyncio.get_running_loop().time() > self._hasty_until or not turn():
                hear(self, frame)

        return hasty

    wrap(Member, "run", wrapped)
    wrap(Member, "_handle", wrapped_hear)


@fault(
    "membership a moment late",
    breaks="JOIN-3",
    also={"DELIVER-1": "what is said in that moment does not reach the newcomer"},
    perhaps={
        "DELIVER-2": "so does the first echo",
        "DELIVER-11": "so do last words before a close",
        "DELIVER-12": "so do last words of the dead",
        "DELIVER-16": "so does a word to another device",
        "JOIN-5": "so does the first word of the newcomer",
        "JOIN-2": "so does the only word of the newcomer",
        "LEAVE-4": "so does a word after a leave",
    },
)
def announced_before_membership() -> None:
    """A join is announced 30 ms before the new member receives messages of others."""
    turn = every(1)

    def wrapped(attend: Any) -> Any:
        async def attending(self: Any) -> None:
            self._deaf_until = asyncio.get_running_loop().time() + 0.03 if turn() else 0
            await attend(self)

        return attending

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        is_deaf = asyncio.get_running_loop().time() < member._deaf_until
        by_another = fields.get("sender_id") not in (None, member.user_id)
        return (is_deaf and by_another) or send(encoded(fields))

    wrap(Member, "run", wrapped)
    on_send(change)


@fault("some never join", breaks="JOIN-2", shows=Kind.NEVER_JOINED)
def never_join() -> None:
    """Every 25th connection to an empty room is accepted, but never becomes a member."""
    turn = every(25)

    def wrapped(join: Any) -> Any:
        def forgetful(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            behind = join(self, member, timestamp)
            if len(self.members) == 1 and turn():
                del self.members[member]
            return behind

        return forgetful

    wrap(ChatRoom, "join", wrapped)


@fault("some members closed at once", breaks="JOIN-6")
def closed_at_once() -> None:
    """Every 25th connection to an existing room is accepted, then closed with 4004."""
    turn = every(25)

    def wrapped(attend: Any) -> Any:
        async def refusing(self: Any) -> None:
            if turn():
                await self._socket.close(4004, "no such room")
            else:
                await attend(self)

        return refusing

    wrap(Member, "run", wrapped)

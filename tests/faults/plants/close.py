"""Faults in how connections end."""

import asyncio
from typing import Any

from reference_server.close_codes import CloseCode
from reference_server.member import Member
from reference_server.outbox import Outbox
from reference_server.room import ChatRoom
from reference_server.stream import ChatStream
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap

IDLE_S = 3.0
"""Seconds without a frame after which a planted fault closes a connection."""


def _drop_now_and_then(code: int) -> None:
    turn = every(200)

    def wrapped(say: Any) -> Any:
        def dropping(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            if turn():
                next(iter(self.members)).close(code)
            return behind

        return dropping

    wrap(ChatRoom, "send_message", wrapped)


@fault(
    "healthy members dropped",
    breaks="CLOSE-1",
    shows=Kind.DROPPED,
    perhaps={
        "FRAME-2": "somebody is closed in a scenario about bad frames",
        "FRAME-3": "somebody is closed who has sent bad frames",
        "LEAVE-4": "somebody is closed in a scenario about leaving",
        "DELIVER-14": "a Close frame with 1000 can cross with ours, and then looks like an answer",
        "DELIVER-13": "somebody is closed after a long message",
    },
)
def dropped() -> None:
    """Every 200th message closes the first member of the room with 1000."""
    _drop_now_and_then(1000)


@fault("healthy members closed as too slow", breaks="CLOSE-1")
def too_slow() -> None:
    """Every 200th message closes the room's first member with 1013, although it reads."""
    _drop_now_and_then(1013)


@fault(
    "healthy members cut off",
    breaks="CLOSE-1",
    shows=Kind.DROPPED,
    perhaps={
        "CLOSE-2": "a link ends while its member closes",
        "FRAME-3": "a link ends after a bad frame",
        "FRAME-2": "a link ends in a scenario about bad frames",
        "DELIVER-13": "a link ends after a long message",
        "JOIN-2": "a link ends right after the handshake",
    },
)
def cut_off() -> None:
    """Every 200th message cuts its sender's link without a Close frame."""
    turn = every(200)

    def wrapped(take: Any) -> Any:
        async def cutting(self: Any, part: Any) -> None:
            await take(self, part)
            if turn():
                self.abort()

        return cutting

    wrap(ChatStream, "_receive_part", wrapped)


@fault("closes not answered", breaks="CLOSE-2", shows=Kind.UNANSWERED_CLOSE)
def not_answered() -> None:
    """A client's Close frame gets no answer: the link just ends."""

    def wrapped(finish: Any) -> Any:
        async def silent(self: Any) -> None:
            if self._close_frame is not None:
                self.abort()
            else:
                await finish(self)

        return silent

    wrap(ChatStream, "_close_link", wrapped)


@fault("wrong code for a deleted room", breaks="CLOSE-3")
def wrong_code_deleted() -> None:
    """The members of a deleted room are closed with 1000."""

    def wrapped(close: Any) -> Any:
        def wrong(self: Member, code: int) -> None:
            close(self, 1000 if code == CloseCode.NO_SUCH_ROOM else code)

        return wrong

    wrap(Member, "close", wrapped)


@fault("members of a deleted room not closed", breaks="CLOSE-3")
def stay_in_deleted() -> None:
    """The members of a deleted room stay connected."""

    def wrapped(close: Any) -> Any:
        def staying(self: Member, code: int) -> None:
            if code != CloseCode.NO_SUCH_ROOM:
                close(self, code)

        return staying

    wrap(Member, "close", wrapped)


@fault("a slow reader stalls the room", breaks="CLOSE-4")
def stalls() -> None:
    """While a member is over 100 frames behind, nobody in its room receives anything."""

    def wrapped(_: Any) -> Any:
        async def waiting(self: Any) -> None:
            while (frame := await self._outbox.get()) is not None:
                while any(len(one._outbox._frames) > 100 for one in self._room.members if one is not self):
                    await asyncio.sleep(0.01)
                await self._socket.send(frame)

        return waiting

    wrap(Outbox, "put", _unbounded)
    wrap(Member, "_write", wrapped)


@fault("slow readers are waited for", breaks="CLOSE-4")
def waits_for_the_slow() -> None:
    """A frame goes to a member only after the previous member has read it."""

    def wrapped(_: Any) -> Any:
        async def in_turn(self: Any) -> None:
            turn = vars(self._room).setdefault("turn", asyncio.Lock())
            while (frame := await self._outbox.get()) is not None:
                async with turn:
                    await self._socket.send(frame)

        return in_turn

    wrap(Outbox, "put", _unbounded)
    wrap(Member, "_write", wrapped)


@fault("slow readers kept for ever", breaks="CLOSE-5", also={"LEAVE-5": "a peer that answers no ping is kept, too"})
def kept_for_ever() -> None:
    """Outboxes have no limit, and peers that answer no pings are not closed."""
    wrap(Outbox, "put", _unbounded)
    wrap(ChatStream, "_schedule_check", lambda _: lambda _: None)


def _unbounded(_: Any) -> Any:
    def put(self: Any, frame: str) -> bool:
        self._frames.append(frame)
        self._wake()
        return True

    return put


@fault("idle members closed", breaks="CLOSE-1", shows=Kind.DROPPED, options=("--idle", "4"))
def idle_closed() -> None:
    """A connection on which no frame passes for 3 s is closed with 1000.

    Pings and pongs do not count.
    """
    _close_idle(1000)


@fault("idle members closed with 1001", breaks="CLOSE-1", options=("--idle", "4"))
def idle_going_away() -> None:
    """A connection on which no frame passes for 3 s is closed with 1001.

    The server does not end.
    """
    _close_idle(1001)


def _close_idle(code: int) -> None:
    def alive(member: Any) -> None:
        timer = member.__dict__.pop("_idle_timer", None)
        if timer:
            timer.cancel()
        member._idle_timer = asyncio.get_running_loop().call_later(IDLE_S, member.close, code)

    def wrapped_run(run: Any) -> Any:
        async def watched(self: Member) -> None:
            alive(self)
            await run(self)

        return watched

    def wrapped(act: Any) -> Any:
        def noting(self: Member, frame: Any) -> Any:
            alive(self)
            return act(self, frame)

        return noting

    wrap(Member, "run", wrapped_run)
    wrap(Member, "_handle", wrapped)
    wrap(Member, "enqueue", wrapped)

"""A member: one connection from the moment it joins its room until it is closed."""

import asyncio
import logging

from reference_server import frames
from reference_server.close_codes import CloseCode
from reference_server.frames import Bad, Pinged, Said
from reference_server.instance import Instance
from reference_server.log import origin
from reference_server.names import UserId
from reference_server.outbox import Outbox
from reference_server.room import ChatRoom, Closable
from reference_server.websocket import ChatWebsocket, Departed

FLUSH_SECONDS = 2.5
"""How long a connection that ends may take to read what is still due to it. The whole answer has 5 s (CLOSE-2)."""

_log = logging.getLogger(__name__)


class Member:
    """Reads in one task and writes in another, so that nobody waits for anybody who does not read."""

    def __init__(self, user_id: UserId, instance: Instance, room: ChatRoom[Closable], socket: ChatWebsocket) -> None:
        self.user_id = user_id
        self._instance = instance
        self._room = room
        self._socket = socket
        self._outbox = Outbox()
        self._code: int | None = None
        self._reading: asyncio.Task[None] | None = None

    def tell(self, frame: str) -> bool:
        return self._outbox.put(frame)

    def fail(self, reason: str) -> None:
        self._answer(frames.error(reason))

    def close(self, code: int) -> None:
        if self._code is None:
            self._code = code
            if self._reading is not None:
                self._reading.cancel()

    async def attend(self) -> None:
        """Joins the room, and returns when the connection is closed."""
        self._reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write())
        self._instance.heap.came()
        self._instance.join(self._room, self)
        why = "the server gave up"
        try:
            await asyncio.wait({self._reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            why = self._reason(self._reading, writing)
        finally:
            self._reading.cancel()
            self._instance.leave(self._room, self, why)
            try:
                await self._say_farewell(writing)
            finally:
                writing.cancel()
                self._instance.heap.went()

    def _reason(self, *tasks: asyncio.Task[None]) -> str:
        """Why the connection ends. If the server broke, it has to be closed with 1011."""
        for outcome in [task.exception() for task in tasks if task.done() and not task.cancelled()]:
            match outcome:
                case Departed(code=code):
                    return f"the connection ended ({code})"
                case OSError():
                    return "the link broke"
                case Exception():
                    _log.error("error chat=%s user=%r: %s", self._room.chat_id, self.user_id, origin(outcome))
                    self._code = CloseCode.INTERNAL_ERROR
                    return "the server broke"
        return f"the server closed it ({self._code})"

    async def _read(self) -> None:
        while True:
            # Who does not read its own echo gets nothing more said, and TCP slows it down.
            await self._outbox.eased()
            await self._instance.broadcast.eased()
            self._hear(await self._socket.receive())

    def _hear(self, frame: str | bytes) -> None:
        match frames.decode(frame):
            case Said(content):
                self._instance.say(self._room, self, content)
            case Pinged():
                self._answer(frames.pong(self._instance.clock.timestamp()))
            case Bad(reason):
                self._answer(frames.error(reason))

    def _answer(self, frame: str) -> None:
        if not self._outbox.put(frame):
            self._instance.leave(self._room, self, "it read too slowly")
            self.close(CloseCode.TOO_FAR_BEHIND)

    async def _write(self) -> None:
        while (frame := await self._outbox.get()) is not None:
            await self._socket.send(frame)

    async def _say_farewell(self, writing: asyncio.Task[None]) -> None:
        """Sends what is due, then Close. Whoever does not read in time gets neither."""
        self._outbox.finish()
        if self._code == CloseCode.TOO_FAR_BEHIND:
            self._outbox.clear()
            writing.cancel()
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await asyncio.gather(writing, return_exceptions=True)
                if self._code is not None:
                    await self._socket.close(self._code)
        except (TimeoutError, OSError):
            _log.debug("cut off chat=%s user=%r", self._room.chat_id, self.user_id)

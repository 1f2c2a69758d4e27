"""A member: one connection, from its join until it is closed."""

import asyncio
import contextlib
import logging

from reference_server import frames
from reference_server.close_codes import CloseCode
from reference_server.frames import BadFrame, PingRequest, ValidMessage
from reference_server.instance import Instance
from reference_server.log import origin
from reference_server.names import UserId
from reference_server.outbox import Outbox
from reference_server.room import ChatRoom, Closable
from reference_server.websocket import ChatWebsocket, Disconnected

CLOSING_FLUSH_SECONDS = 2.5
"""Seconds that a closing connection has to read its queued frames.

The whole closing has 5 s (CLOSE-2)."""

CLOSE_FRAME_SECONDS = 2.0
"""Seconds for our Close frame to leave the server, for ASGI servers without a limit of their own."""

_log = logging.getLogger(__name__)


class Member:
    """One connection.

    It reads in one task and writes in another, so a member that does not read delays nobody else.

    Invariants:

    - Frames reach the client in the order in which they were queued.
    - ``_close_code`` is set at most once by ``close``. It is None while only the client has closed.
    - When ``run`` returns, the member has left its room and both tasks have ended or are cancelled.
    """

    def __init__(self, user_id: UserId, instance: Instance, room: ChatRoom[Closable], socket: ChatWebsocket) -> None:
        self.user_id = user_id
        self._instance = instance
        self._room = room
        self._socket = socket
        self._outbox = Outbox(self._give_up)
        self._close_code: int | None = None
        self._reading: asyncio.Task[None] | None = None

    def enqueue(self, frame: str) -> bool:
        """Queue a frame for the client.

        Return False, and drop the frame, if the client is too far behind.
        """
        return self._outbox.put(frame)

    def send_error(self, reason: str) -> None:
        """Queue an error frame for the client."""
        self._reply(frames.error(reason))

    def close(self, code: int) -> None:
        """Begin to close the connection, unless the server is closing it already."""
        if self._close_code is None:
            self._close_code = code
            if self._reading is not None:
                self._reading.cancel()

    async def run(self) -> None:
        """Join the room, and serve the client until the connection is closed."""
        self._reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write())
        self._instance.gc_tuning.connected()
        self._instance.join(self._room, self)
        reason = "the server gave up"
        try:
            await asyncio.wait({self._reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            reason = self._end_reason(self._reading, writing)
        finally:
            self._reading.cancel()
            self._instance.leave(self._room, self, reason)
            try:
                await self._flush_and_close(writing)
            finally:
                writing.cancel()
                self._reading = None  # its exception refers back to this member
                self._instance.gc_tuning.disconnected()

    def _end_reason(self, *tasks: asyncio.Task[None]) -> str:
        """Return why the connection ends, for the log.

        After an unexpected error, set the close code to 1011.
        """
        for outcome in [task.exception() for task in tasks if task.done() and not task.cancelled()]:
            match outcome:
                case Disconnected(code=code):
                    return f"the connection ended ({code})"
                case OSError():
                    return "the link broke"
                case Exception():
                    _log.error("error chat=%s user=%r: %s", self._room.chat_id, self.user_id, origin(outcome))
                    self._close_code = CloseCode.INTERNAL_ERROR
                    return "the server broke"
        return f"the server closed it ({self._close_code})"

    async def _read(self) -> None:
        """Handle one frame after the other, until the client disconnects.

        An ASGI server might have a larger limit than this one, or none.
        """
        while True:
            frame = await self._socket.receive()
            if len(frame) > frames.MESSAGE_CHARACTERS:
                self.close(CloseCode.MESSAGE_TOO_BIG)
                return
            # A client that does not read its echoes is not read either, so TCP slows it down. Nor is a client that does
            # read, while the server has not written yet: otherwise a busy room would outrun the server.
            await self._outbox.drained()
            await self._instance.broadcast.drained()
            self._handle(frame)

    def _handle(self, frame: str | bytes) -> None:
        match frames.decode(frame):
            case ValidMessage(content):
                self._instance.send_message(self._room, self, content)
            case PingRequest():
                self._reply(frames.pong(self._instance.clock.timestamp()))
            case BadFrame(reason):
                self._reply(frames.error(reason))

    def _reply(self, frame: str) -> None:
        """Queue a frame for this client only. Give it up if it is too far behind."""
        if not self._outbox.put(frame):
            self._give_up()

    def _give_up(self) -> None:
        """Close the connection, because the client is too far behind (CLOSE-5)."""
        self._instance.leave(self._room, self, "it read too slowly")
        self.close(CloseCode.TOO_FAR_BEHIND)

    async def _write(self) -> None:
        """Send the queued frames until the outbox is closed and empty."""
        while (frame := await self._outbox.get()) is not None:
            await self._socket.send(frame)

    async def _flush_and_close(self, writing: asyncio.Task[None]) -> None:
        """Send the queued frames, then a Close frame.

        A client that does not read in time misses the rest of the frames. It still finds the right code if it reads
        before the link is aborted.
        """
        self._outbox.close()
        if self._close_code == CloseCode.TOO_FAR_BEHIND:
            self._outbox.clear()
            writing.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_FLUSH_SECONDS):
                await asyncio.gather(writing, return_exceptions=True)
        if self._close_code is None:
            return
        try:
            async with asyncio.timeout(CLOSE_FRAME_SECONDS):
                await self._socket.close(self._close_code)
        except (TimeoutError, OSError):
            _log.debug("cut off chat=%s user=%r", self._room.chat_id, self.user_id)

"""A subclass of Hypercorn's WebSocket stream that keeps the protocol.

No other module uses Hypercorn's internals.

Hypercorn's own stream differs in these ways:

- It sends pings and ignores missing pongs. Here a client that is silent for the heartbeat is dropped (LEAVE-5).
- It answers a client's Close frame at once, and drops what is still queued. Here the application ends first (CLOSE-2).
- It waits without limit for a client that does not read, and keeps its memory. Here closing has a time limit, and then
  the transport is aborted (CLOSE-5).
- A frame that arrives before the handshake is answered creates a member that never leaves. Here the frame waits.
- It ends the link without a Close frame after a malformed frame, and does not tell the application of one too large.
- It handles all frames of one read before anything else runs. Here a client of many small frames takes turns.
- It compresses if the client offers it: that takes 300 KiB for each socket, and 64 KiB can expand to 64 MiB.

WebSockets over HTTP/2 keep Hypercorn's own stream: several share one transport, so it cannot be aborted.
"""

import asyncio
import logging
from functools import partial
from importlib.metadata import version
from inspect import signature
from typing import Any
from weakref import WeakSet

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol import h11
from hypercorn.protocol.events import Body, Data, Event, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, WSStream
from hypercorn.typing import ASGISendEvent, WebsocketAcceptEvent
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Message, Ping
from wsproto.events import Event as FrameEvent
from wsproto.utilities import LocalProtocolError

from reference_server.close_codes import CloseCode

CLOSING_SECONDS = 2.0
"""Seconds that the client has for its part of the closing, after our Close frame."""

FRAMES_PER_TURN = 16
"""Number of frames of one client that are handled before all other tasks have had their turn.

One read can hold 10,000 pings, or 10,000 empty fragments."""

_log = logging.getLogger(__name__)


class ChatStream(WSStream):
    """One WebSocket over HTTP/1.1.

    A client that is silent for ``heartbeat`` seconds is dropped, unless that is 0.

    Invariants:

    - The application receives every complete message before the ``websocket.disconnect`` that ends them.
    - After ``_begin_closing``, no further message reaches the application.
    - Our Close frame is sent after everything that the application sent before it ended, and nothing follows it.
    - Once our Close frame is due, the link ends within CLOSING_SECONDS: by itself, or aborted.
    - ``_opened`` is set once the handshake was answered, or the link was lost.
    - ``_ended`` is set once the client's Close frame was received, or the link was lost.
    """

    def __init__(self, heartbeat: float, streams: "WeakSet[ChatStream]", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        streams.add(self)
        self._heartbeat = heartbeat
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport = self.send.__self__.send.__self__.writer.transport  # type: ignore[attr-defined]
        # A Connection refuses to send once it has read a Close frame, but this server might still have frames to send.
        # So one Connection reads and another writes. Without extensions they share no state.
        self._writer = Connection(ConnectionType.SERVER)
        self._opened = asyncio.Event()
        self._ended = asyncio.Event()
        self._ignores_input = False
        self._close_frame: CloseConnection | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._last_received = self._next_check = self._loop.time()
        self._check_timer: asyncio.TimerHandle | None = None

    async def handle(self, event: Event) -> None:
        """Take an event of the HTTP connection: bytes, or its end.

        Bytes wait until the handshake is answered.
        """
        match event:
            case Body() | Data():
                self._last_received = self._loop.time()
                if not self.handshake.accepted:
                    await self._opened.wait()
                if self.handshake.accepted:
                    await super().handle(event)
            case StreamClosed():
                self._on_link_lost()
            case _:
                await super().handle(event)

    def _on_link_lost(self) -> None:
        """Tell the application, after all earlier messages, that the link was lost."""
        if self.closed:
            return
        self.closed = True
        self._opened.set()
        self._ended.set()
        if self._check_timer is not None:
            self._check_timer.cancel()
        if self.app_put is not None:
            self.task_group.spawn(self.app_put, {"type": "websocket.disconnect", "code": int(CloseCode.ABNORMAL)})

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """Take a message of the application; None once it has ended."""
        match message:
            case {"type": "websocket.send", "text": str(text)}:
                if self._writer.state is ConnectionState.OPEN and not self.closed:
                    await self.send(Data(stream_id=self.stream_id, data=text_frame(text)))
                return
            case None:
                self.app_put = None  # the application reads no more
                if self.state in {ASGIWebsocketState.CONNECTED, ASGIWebsocketState.CLOSED} and not self.closed:
                    await self._close_link()
                    return
            case {"type": "websocket.close"} if self.handshake.accepted:
                self._start_abort_timer()
        await super().app_send(message)

    async def _close_link(self) -> None:
        """Send our Close frame and wait for the client's, then end the link.

        The application has ended.
        """
        self._start_abort_timer()
        await self._send_wsproto_event(self._close_frame or CloseConnection(CloseCode.INTERNAL_ERROR))
        await self._ended.wait()
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        """Accept the handshake without extensions, and start the heartbeat."""
        self.handshake.extensions = None
        await super()._accept(message)
        self._opened.set()
        if self._heartbeat and not self.closed:
            self._schedule_check()

    async def _send_wsproto_event(self, event: FrameEvent) -> None:
        """Send a frame, unless our Close frame was sent before."""
        try:
            data = self._writer.send(event)
        except LocalProtocolError:
            return  # our Close frame was sent, so nothing may follow
        await self.send(Data(stream_id=self.stream_id, data=data))

    async def _handle_events(self) -> None:
        """Handle the frames that were read, FRAMES_PER_TURN at a time."""
        for number, event in enumerate(self.connection.events(), 1):
            if number % FRAMES_PER_TURN == 0:
                await asyncio.sleep(0)
            match event:
                case Message() if not self._ignores_input:
                    await self._receive_part(event)
                case Ping():
                    await self._send_wsproto_event(event.response())
                case CloseConnection(code=code):
                    if self.connection.state == ConnectionState.REMOTE_CLOSING:
                        self._ended.set()
                    # In any other state this is not a Close frame, but how wsproto reports a malformed frame.
                    await self._begin_closing(event.response(), code)

    async def _receive_part(self, part: Message[Any]) -> None:
        """Take a fragment, and pass the message on once it is complete."""
        try:
            self.buffer.extend(part)
        except FrameTooLargeError:
            await self._begin_closing(CloseConnection(CloseCode.MESSAGE_TOO_BIG), CloseCode.MESSAGE_TOO_BIG)
            return
        if part.message_finished:
            message = self.buffer.to_message()
            self.buffer.clear()
            if self.app_put is not None:
                await self.app_put(message)

    async def _begin_closing(self, close_frame: CloseConnection, code: int) -> None:
        """Ignore all further messages, and tell the application to end.

        Its end sends the Close frame.
        """
        self._ignores_input = True
        self._close_frame = self._close_frame or close_frame
        if self.app_put is not None:
            await self.app_put({"type": "websocket.disconnect", "code": int(code)})

    def abort(self) -> None:
        """End the link at once, and drop what is still to be sent."""
        self._transport.abort()

    def _start_abort_timer(self) -> None:
        if self._abort_timer is None:
            self._abort_timer = self._loop.call_later(CLOSING_SECONDS, self.abort)

    def _check_alive(self) -> None:
        """Ping the client, or drop it at the end of a silent heartbeat."""
        now = self._loop.time()
        self._last_received += now - self._next_check  # time in which the server itself stood still does not count
        if now >= self._last_received + self._heartbeat:
            _log.warning("dropped client=%r: silent for %g s", self.client, self._heartbeat)
            self.abort()
            return
        self.task_group.spawn(self._send_wsproto_event, Ping())
        self._schedule_check()

    def _schedule_check(self) -> None:
        """Schedule the next ping, or the end of the heartbeat."""
        now = self._loop.time()
        self._next_check = min(now + self._heartbeat / 3, self._last_received + self._heartbeat)
        self._check_timer = self._loop.call_at(self._next_check, self._check_alive)


def text_frame(text: str) -> bytes:
    """Return a text message as one unmasked frame (RFC 6455, section 5.2).

    This takes 0.2 microseconds, where wsproto takes 4.6, and all of a delivery about 30.
    """
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2) + payload
    return b"\x81\x7f" + length.to_bytes(8) + payload


def install(heartbeat: float) -> WeakSet[ChatStream]:
    """Make Hypercorn use ChatStream, and return the set of the open streams.

    This concerns WebSockets over HTTP/1.1.

    Raises RuntimeError if this Hypercorn lacks something that ChatStream uses.
    """
    parts: list[tuple[type, tuple[str, ...]]] = [
        (WSStream, ("_accept", "_handle_events", "_send_wsproto_event", "app_send", "handle")),
        (h11.H11Protocol, ("stream_send",)),
        (TCPServer, ("protocol_send",)),
    ]
    missing = [f"{part.__name__}.{name}" for part, names in parts for name in names if not hasattr(part, name)]
    if "writer" not in signature(TCPServer).parameters:
        missing.append("TCPServer.writer")
    if missing:
        raise RuntimeError(
            f"this Hypercorn ({version('hypercorn')}) lacks {', '.join(missing)}; "
            "reference_server/stream.py was written for Hypercorn 0.18"
        )
    streams: WeakSet[ChatStream] = WeakSet()
    h11.WSStream = partial(ChatStream, heartbeat, streams)  # type: ignore[attr-defined, assignment]
    return streams

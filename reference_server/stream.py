"""Hypercorn's connections, changed so that they keep the protocol.

No other module uses Hypercorn's internals. This one was written for Hypercorn 0.18; ``install`` checks what it uses.

Hypercorn's TCP connection differs in these ways:

- After the client has closed, it keeps the socket until the idle time is over. Here the socket is closed at once.
- It accepts sockets until the process has no descriptors left, and then libuv drops new ones without a word. Here the
  longest idle connection makes room, or the new one is answered with 503, and the log says so.
- It waits without limit for a client that does not read its answer. Here writing and closing have a time limit.
- It closes a refused client at once, which can reset the link before the client has read why. Here it lingers.

Hypercorn's HTTP connection differs in these ways:

- It changes to HTTP/2 without TLS, where none of what follows would hold. Here there is HTTP/1 only.
- It takes a request with both Content-Length and Transfer-Encoding, which a proxy might read differently.
- Its own errors have no body. Here they are JSON like all others.

Hypercorn's WebSocket stream differs in these ways:

- It sends pings and ignores missing pongs. Here a client that is silent for the heartbeat is dropped (LEAVE-5).
- It answers a client's Close frame at once, and drops what is still queued. Here the application ends first (CLOSE-2).
- It waits without limit for a client that does not read, and keeps its memory. Here closing has a time limit, and then
  the transport is aborted (CLOSE-5).
- A frame that arrives before the handshake is answered creates a member that never leaves. Here the frame waits.
- It leaves the link of a bad handshake open. Here the link ends after the answer.
- It ends the link without a Close frame after a malformed frame, and does not tell the application of one too large.
- It handles all frames of one read before anything else runs. Here a client of many small frames takes turns.
- It takes a client's Close frame with 1014 (registered since RFC 6455) for a malformed frame.
- It compresses if the client offers it: that takes 300 KiB for each socket, and 64 KiB can expand to 64 MiB.
"""

import asyncio
import contextlib
import logging
from enum import IntEnum
from functools import partial
from importlib.metadata import version
from inspect import signature
from types import ModuleType
from typing import Any
from weakref import WeakSet

import h11 as http11
import hypercorn.asyncio.run
import hypercorn.protocol
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, RawData, Updated
from hypercorn.events import Event as LinkEvent
from hypercorn.protocol import h11
from hypercorn.protocol.events import Body, Data, EndBody, Event, Request, Response, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, Handshake, WSStream
from hypercorn.typing import ASGISendEvent, WebsocketAcceptEvent
from wsproto import frame_protocol
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Message, Ping
from wsproto.events import Event as FrameEvent
from wsproto.handshake import WEBSOCKET_VERSION
from wsproto.utilities import LocalProtocolError

from reference_server.close_codes import CloseCode
from reference_server.connections import Connections, connection_limit
from reference_server.raw_answers import error_body, error_headers, unavailable

CLOSING_SECONDS = 2.0
"""Seconds that the client has for its part of the closing.

They begin with our Close frame, or with the end of our answer."""

SEND_SECONDS = 20.0
"""Seconds that a client has to read one part of an HTTP answer."""

FRAMES_PER_TURN = 16
"""Number of frames of one client that are handled before other tasks run.

One read can hold 10,000 pings, or 10,000 empty fragments."""

_READ_BYTES = 2**16

_FULL = unavailable("the server has too many connections; try again in a few seconds")

_log = logging.getLogger(__name__)


class TcpConnection(TCPServer):
    """One TCP connection.

    Invariants:

    - It is idle in ``_connections`` exactly while its idle time runs.
    - Once the server has ended its side, the link ends within CLOSING_SECONDS: by the client, or aborted.
    - What arrives after that is read, so that the link is not reset, and dropped.
    """

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_websocket = False
        self._connections = connections
        self._abort_timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve the connection until it ends."""
        if not self._connections.admit():
            self.writer.write(_FULL)
            await self._close()
            return
        self._connections.set_idle(self, True)
        try:
            await super().run()
        finally:
            self._connections.remove(self)
            self._break_cycles()

    def abort(self) -> None:
        """End the link at once, and drop what is still to be sent."""
        self.writer.transport.abort()

    def _break_cycles(self) -> None:
        """Forget what refers back to this connection."""
        vars(self).pop("protocol", None)
        error = self.reader.exception()
        if error is not None:
            error.__traceback__ = None

    async def protocol_send(self, event: LinkEvent) -> None:
        """Take an event of the HTTP connection: bytes, their end, or a change of state."""
        match event:
            case RawData():
                await self.write(event.data)
            case Closed():
                self._start_abort_timer()
                with contextlib.suppress(OSError, RuntimeError):  # the link is lost already
                    self.writer.write_eof()
            case Updated(idle=True) if not self.reader.at_eof():
                self._connections.set_idle(self, True)
                await self.idle_task.restart(self._task_group, self._idle_timeout)
            case Updated():
                self._connections.set_idle(self, False)
                await self.idle_task.stop()

    async def write(self, data: bytes) -> None:
        """Write to the client, or abort the link if it does not read an answer in time."""
        async with self.send_lock:
            try:
                self.writer.write(data)
                if self.is_websocket:
                    await self.writer.drain()
                else:
                    async with asyncio.timeout(SEND_SECONDS):
                        await self.writer.drain()
            except TimeoutError:
                if not self.is_websocket:
                    _log.warning("dropped a client that did not read its answer for %g s", SEND_SECONDS)
                self.abort()
            except (ConnectionError, RuntimeError):
                await self.protocol.handle(Closed())

    async def _read_data(self) -> None:
        """Read until the client or the server has ended the link."""
        try:
            while data := await self.reader.read(_READ_BYTES):
                if self._abort_timer is None:
                    await self.protocol.handle(RawData(data))
        except OSError:
            pass  # the link is lost
        await self.protocol.handle(Closed())
        await self.idle_task.stop()

    async def _initiate_server_close(self) -> None:
        """End an idle connection."""
        self._start_abort_timer()
        await super()._initiate_server_close()

    async def _close(self) -> None:
        """Close the socket once everything is sent, or when the time is over."""
        self._start_abort_timer()
        with contextlib.suppress(OSError):  # a link that was lost while its end was sent
            await super()._close()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
            self._abort_timer = None

    def _start_abort_timer(self) -> None:
        if self._abort_timer is None:
            self._abort_timer = self.loop.call_later(CLOSING_SECONDS, self.abort)


class HttpConnection(h11.H11Protocol):
    """One HTTP/1 connection, which might become a WebSocket."""

    async def _check_protocol(self, event: http11.Request) -> None:
        """Stay with HTTP/1.

        A server may ignore ``Upgrade: h2c`` (RFC 9110, section 7.8).
        """

    async def _create_stream(self, request: http11.Request) -> None:
        """Begin to serve a request, unless it is no request for this server."""
        names = {name for name, _ in request.headers}
        if request.http_version not in {b"1.0", b"1.1"}:
            await self._refuse(505, "expected HTTP/1.1")
        elif {b"content-length", b"transfer-encoding"} <= names:
            await self._refuse(400, "expected either Content-Length or Transfer-Encoding")
        else:
            await super()._create_stream(request)

    async def _send_error_response(self, status_code: int) -> None:
        """Answer what is no HTTP request. The caller ends the link."""
        await self._answer(status_code, "expected a request by HTTP/1.1")

    async def _refuse(self, status_code: int, reason: str) -> None:
        """Answer a request with an error, and end the link."""
        _log.warning("refused a request: %s", reason)
        await self._answer(status_code, reason)
        await self.send(Closed())

    async def _answer(self, status_code: int, reason: str) -> None:
        body = error_body(reason)
        headers = [*error_headers(body), *self.config.response_headers("h11")]
        await self._send_h11_event(http11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(http11.Data(data=body))
        await self._send_h11_event(http11.EndOfMessage())


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
        self._tcp_connection: TcpConnection = self.send.__self__.send.__self__  # type: ignore[attr-defined]  # bound methods
        self._tcp_connection.is_websocket = True
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
        if self.closed:
            return
        match event:
            case Request():
                await self._begin_handshake(event)
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

    async def _begin_handshake(self, request: Request) -> None:
        """Call the application, or answer a bad handshake and end the link."""
        handshake = Handshake(request.headers, request.http_version)
        if handshake.is_valid():
            await super().handle(request)
            return
        status, reason, headers = 400, "expected a WebSocket handshake as in RFC 6455, section 4.1", []
        if handshake.version != WEBSOCKET_VERSION:
            status, reason = 426, "expected Sec-WebSocket-Version: 13"
            headers = [(b"upgrade", b"websocket"), (b"sec-websocket-version", WEBSOCKET_VERSION)]
        _log.warning("refused a handshake: %s", reason)
        self.closed = True
        body = error_body(reason)
        await self.send(Response(self.stream_id, [*headers, *error_headers(body)], status))
        await self.send(Body(self.stream_id, body))
        await self.send(EndBody(self.stream_id))
        await self.send(StreamClosed(self.stream_id))

    def _on_link_lost(self) -> None:
        """Tell the application, after all earlier messages, that the link was lost."""
        self.closed = True
        self._opened.set()
        self._ended.set()
        for timer in (self._check_timer, self._abort_timer):
            if timer is not None:
                timer.cancel()
        self._check_timer = self._abort_timer = None  # a timer keeps its context, which refers back to this stream
        if self.app_put is not None:
            self.task_group.spawn(self.app_put, {"type": "websocket.disconnect", "code": int(CloseCode.ABNORMAL)})

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """Take a message of the application; None once it has ended."""
        match message:
            case {"type": "websocket.send", "text": str(text)}:
                if self._writer.state is ConnectionState.OPEN and not self.closed:
                    await self._tcp_connection.write(text_frame(text))  # Hypercorn's way there takes 2 microseconds
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
        self._tcp_connection.abort()

    def _start_abort_timer(self) -> None:
        if self._abort_timer is None and not self.closed:
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
    """Make Hypercorn use the classes of this module.

    Return the set of the open WebSockets.

    Raises RuntimeError if this Hypercorn lacks something that they use.
    """
    parts: list[tuple[type | ModuleType, tuple[str, ...]]] = [
        (WSStream, ("_accept", "_handle_events", "_send_wsproto_event", "app_send", "handle")),
        (
            h11.H11Protocol,
            ("_check_protocol", "_create_stream", "_send_error_response", "_send_h11_event", "stream_send"),
        ),
        (TCPServer, ("_close", "_idle_timeout", "_initiate_server_close", "_read_data", "protocol_send", "run")),
        (hypercorn.protocol, ("H11Protocol",)),
        (hypercorn.asyncio.run, ("TCPServer",)),
    ]
    missing = [f"{part.__name__}.{name}" for part, names in parts for name in names if not hasattr(part, name)]
    if not {"reader", "writer"} <= signature(TCPServer).parameters.keys():
        missing.append("TCPServer.writer")
    if missing:
        raise RuntimeError(
            f"this Hypercorn ({version('hypercorn')}) lacks {', '.join(missing)}; "
            "reference_server/stream.py was written for Hypercorn 0.18"
        )
    streams: WeakSet[ChatStream] = WeakSet()
    connections = Connections(connection_limit())
    hypercorn.asyncio.run.TCPServer = partial(TcpConnection, connections)  # type: ignore[assignment, attr-defined]  # replaced on purpose
    hypercorn.protocol.H11Protocol = HttpConnection  # type: ignore[attr-defined]  # likewise
    reasons = {reason.name: reason.value for reason in frame_protocol.CloseReason} | {"BAD_GATEWAY": 1014}
    frame_protocol.CloseReason = IntEnum("CloseReason", reasons)  # type: ignore[misc]  # likewise
    h11.WSStream = partial(ChatStream, heartbeat, streams)  # type: ignore[attr-defined, assignment]  # likewise
    return streams

"""Quart's WebSocket without Quart's queue.

Quart puts what arrives into an unbounded queue. When the client disconnects, it cancels the handler, and drops what is
queued. Here the handler reads from the ASGI server itself. The queue of that server is bounded, so TCP slows down a
client that floods. And the handler receives every message before it learns of the disconnect (DELIVER-11).
"""

import asyncio
from typing import cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart.asgi import ASGIWebsocketConnection
from quart.wrappers import Websocket

from reference_server.close_codes import CloseCode

LINGER_SECONDS = 3.0
"""Seconds that the client has to answer our Close frame.

This is for ASGI servers without a limit of their own."""


class Disconnected(Exception):  # noqa: N818 - a disconnect is not an error
    """The client has disconnected, and everything that it sent was received.

    ``code`` is the close code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ChatWebsocket(Websocket):
    """Quart's WebSocket, which reads from its connection.

    ``send`` yields to other tasks only when it has to: each socket has a task that does nothing else.
    """

    connection: "ChatConnection"

    async def receive(self) -> str | bytes:
        """Wait for the next message. Raises Disconnected."""
        return await self.connection.receive()

    async def send(self, data: str | bytes) -> None:
        await self._send(data)


class ChatConnection(ASGIWebsocketConnection):
    """One WebSocket connection, whose handler runs in the task of the ASGI call."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Run the handler until it ends."""
        self._receive = receive
        self._close_code: int | None = None
        websocket = cast(ChatWebsocket, self._create_websocket_from_scope(send))
        websocket.connection = self
        await self.handle_websocket(websocket, send)
        if self._accepted:
            await self._discard_rest()

    async def send_data(self, send: ASGISendCallable, data: str | bytes) -> None:
        """Send a text message."""
        await send({"type": "websocket.send", "bytes": None, "text": data})  # type: ignore[typeddict-item]

    async def close_connection(self, send: ASGISendCallable, code: int, reason: str) -> None:
        """Send a Close frame, unless the connection has ended."""
        if not self._closed:
            await super().close_connection(send, code, reason)

    async def receive(self) -> str | bytes:
        """Wait for the next message. Raises Disconnected, now and at every later call."""
        while self._close_code is None:
            event = await self._receive()
            if event["type"] == "websocket.receive":
                text = event.get("text")
                return (event.get("bytes") or b"") if text is None else text
            if event["type"] == "websocket.disconnect":
                self._closed = True  # nothing can be sent any more, not even Close
                self._close_code = event.get("code", CloseCode.ABNORMAL)
        raise Disconnected(self._close_code)  # a new one, since an exception that is kept refers to its callers

    async def _discard_rest(self) -> None:
        """Read on after the handler has ended, so that the ASGI server need not wait."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while True:
                    await self.receive()
        except (Disconnected, TimeoutError):
            pass

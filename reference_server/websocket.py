"""Quart's WebSocket without Quart's queue.

Quart moves what arrives into a queue without bound, and cancels the handler as soon as the client is gone, whatever is
still queued then. Here the handler reads from the server itself, whose own queue is bounded, so a client that floods is
slowed down by TCP; and it is told of the end in its turn, after everything that came before it (DELIVER-11).
"""

import asyncio
from typing import cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart.asgi import ASGIWebsocketConnection
from quart.wrappers import Websocket

from reference_server.close_codes import CloseCode

LINGER_SECONDS = 3.0
"""How long the client may take to answer our Close frame, where the server below does not limit it itself."""


class Disconnected(Exception):  # noqa: N818 - an end is no error
    """The client is gone, and everything that it said has been received."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ChatWebsocket(Websocket):
    """Quart's WebSocket, reading from its connection. Its ``send`` gives way to others only when it has to: there is
    one task for each socket that does nothing else."""

    connection: "ChatConnection"

    async def receive(self) -> str | bytes:
        """The next frame. Raises Disconnected."""
        return await self.connection.receive()

    async def send(self, data: str | bytes) -> None:
        await self._send(data)


class ChatConnection(ASGIWebsocketConnection):
    """Runs the handler of one WebSocket in the task of the ASGI call."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._receive = receive
        self._disconnected: Disconnected | None = None
        websocket = cast(ChatWebsocket, self._create_websocket_from_scope(send))
        websocket.connection = self
        await self.handle_websocket(websocket, send)
        if self._accepted:
            await self._discard_rest()

    async def send_data(self, send: ASGISendCallable, data: str | bytes) -> None:
        await send({"type": "websocket.send", "bytes": None, "text": data})  # type: ignore[typeddict-item]

    async def close_connection(self, send: ASGISendCallable, code: int, reason: str) -> None:
        if not self._closed:
            await super().close_connection(send, code, reason)

    async def receive(self) -> str | bytes:
        """The next frame. Raises Disconnected, and does so again if asked again."""
        while self._disconnected is None:
            event = await self._receive()
            if event["type"] == "websocket.receive":
                text = event.get("text")
                return (event.get("bytes") or b"") if text is None else text
            if event["type"] == "websocket.disconnect":
                self._closed = True  # nothing can be sent any more, not even Close
                self._disconnected = Disconnected(event.get("code", CloseCode.ABNORMAL))
        raise self._disconnected

    async def _discard_rest(self) -> None:
        """Reads on after the handler is done, so that the server below never waits for a reader that is gone."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while True:
                    await self.receive()
        except (Disconnected, TimeoutError):
            pass

"""uvicorn's end of a WebSocket, for the peer on FastAPI."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CLOSE_GRACE = 3.0
"""Seconds from our Close frame to the end of a link that the client does not end."""


class Link(WebSocketsSansIOProtocol):
    """uvicorn's end of a WebSocket, changed where it would break the protocol."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {"shut": self.shut}  # the endpoint's websocket.state

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None:  # a URL that is too long: uvicorn would neither answer nor close
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def shut(self, code: int) -> None:
        """Close at once.

        ASGI's close would wait until the client has read everything before it.
        """
        if not self.close_sent and not self.transport.is_closing():
            self.conn.send_close(code)
            self._finish(code)

    def shutdown(self) -> None:
        """Close with 1001 at the end of the server, instead of uvicorn's 1012 (CLOSE-1)."""
        if self.handshake_complete and not self.close_sent:
            self.shut(1001)
        else:
            super().shutdown()

    def handle_parser_exception(self) -> None:
        """End the link after a bad frame and the messages before it (DELIVER-1).

        What follows the bad frame is read and dropped. Closing with unread data would reset the link, and the client
        would never receive the Close frame.
        """
        if self.conn.close_sent is not None and not self.close_sent:
            self.handle_events()
            self._finish(self.conn.close_sent.code)
            self.transport.write_eof()

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self.loop.call_later(
            CLOSE_GRACE, self.transport.abort
        )  # otherwise a client that never reads would keep its link forever

    def eof_received(self) -> None:
        self.transport.abort()  # otherwise uvicorn would notice the leave only after the backlog is read

    def _finish(self, code: int) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(CLOSE_GRACE, self.transport.abort)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

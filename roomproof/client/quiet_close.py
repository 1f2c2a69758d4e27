"""A WebSocket that sends nothing after its Close frame."""

import contextlib
import threading
from typing import Any

import websocket

from roomproof.spec.limits import CloseCode

NO_CODE = 1005
"""What RFC 6455 calls the code of a Close frame that carries none."""


class QuietClose(websocket.WebSocket):
    """The library's connection, but nothing follows its Close frame, neither a second one nor a pong.

    A server that has answered it may close TCP at once; what it would find unread then destroys its answer on the way.
    What cannot be sent any more is no error: what the server said last is still to be read.
    """

    def __init__(self) -> None:
        super().__init__(skip_utf8_validation=True, enable_multithread=True)
        self._close_sent = False
        self._turn = threading.Lock()

    def send_close(self, status: int = CloseCode.NORMAL, reason: Any = b"") -> None:
        with self._turn, contextlib.suppress(websocket.WebSocketException, OSError):
            if not self._close_sent:
                self._close_sent = True
                if status == NO_CODE:
                    self.send_frame(websocket.ABNF.create_frame(b"", websocket.ABNF.OPCODE_CLOSE))
                else:
                    super().send_close(status, reason)

    def pong(self, payload: str | bytes = "") -> None:
        with self._turn, contextlib.suppress(websocket.WebSocketException, OSError):
            if not self._close_sent:
                super().pong(payload)

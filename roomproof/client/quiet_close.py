"""A WebSocket that sends nothing after its Close frame."""

import contextlib
import threading
from typing import Any

import websocket

from roomproof.spec.limits import CloseCode

NO_CODE = 1005
"""The code that stands for a Close frame without a code (RFC 6455, section 7.1.5)."""


class QuietClose(websocket.WebSocket):
    """A WebSocket that sends nothing after its Close frame, not even a pong.

    A server that has answered the Close frame may close TCP at once. Data that it has not read then resets the link,
    and its answer is lost on the way. A failure to send is no error here: the last frames are still to be read.
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

"""A WebSocket that sends nothing after its Close frame."""

import contextlib
import threading
from typing import Any

import websocket

from roomproof.spec.limits import CloseCode

NO_CODE = 1005
"""The code that stands for a Close frame without a code (RFC 6455, section 7.1.5)."""


def close_code(payload: bytes) -> int:
    """Return the code of a Close frame, or NO_CODE without one."""
    return int.from_bytes(payload[:2]) if len(payload) >= 2 else NO_CODE


def opcode_of(frame: str | bytes) -> int:
    """Return the opcode of a frame: text for str, binary for bytes."""
    return websocket.ABNF.OPCODE_TEXT if isinstance(frame, str) else websocket.ABNF.OPCODE_BINARY


def frame_of(opcode: int, data: bytes) -> str | bytes:
    """Return a text as str; anything else, and a text that is not UTF-8, as bytes."""
    if opcode == websocket.ABNF.OPCODE_TEXT:
        with contextlib.suppress(UnicodeDecodeError):
            return bytes(data).decode()
    return bytes(data)


class ClosedEarlyError(websocket.WebSocketConnectionClosedException):
    """The server sent a Close frame where a frame was expected."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class QuietClose(websocket.WebSocket):
    """A WebSocket that sends nothing after its Close frame, not even a pong.

    A server that has answered the Close frame may close TCP at once. Data that it has not read then resets the link,
    and its answer is lost on the way. A failure to send is no error here: the last frames are still to be read.
    """

    def __init__(self) -> None:
        super().__init__(skip_utf8_validation=True, enable_multithread=True)
        self.offers: dict[str, str] = {}
        """The headers of the handshake that offer something."""
        self.compression: str | None = None
        """The server's answer to an offer of compression; None where it declined, or nothing was offered."""
        self._close_sent = False
        self._turn = threading.Lock()

    def agree(self) -> None:
        """Take the server's answer to what was offered.

        Raises WebSocketException for an answer that is forbidden.
        """

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

    def send_whole(self, frame: str | bytes) -> None:
        """Send a text or binary frame."""
        self.send(frame, opcode_of(frame))

    def receive_whole(self) -> str | bytes:
        """Receive the next text or binary frame.

        Raises TimeoutError after the time limit of the socket, and ClosedEarlyError for a Close frame.
        """
        try:
            opcode, data = self.recv_data()
        except websocket.WebSocketTimeoutException as error:
            raise TimeoutError from error
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise ClosedEarlyError(close_code(data))
        return frame_of(opcode, data)

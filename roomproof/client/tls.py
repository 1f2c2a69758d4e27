"""A TLS connection that one thread reads while another writes.

Before Python 3.13 an ssl.SSLSocket is not made for that: both threads would be inside OpenSSL at once, which breaks the
connection now and then. Here the threads take turns, and neither waits inside OpenSSL.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TlsLink:
    """The part of a socket that a WebSocket needs, over an established TLS connection."""

    def __init__(self, link: ssl.SSLSocket) -> None:
        self._link = link
        self._turn = threading.Lock()
        self._timeout = link.gettimeout()
        link.setblocking(False)

    def recv(self, size: int) -> bytes:
        """Receive up to `size` bytes; none at the end. Raises TimeoutError."""
        return self._wait(lambda: self._link.recv(size))

    def send(self, data: bytes) -> int:
        """Send some of `data`, and return how many bytes. Raises TimeoutError."""
        return self._wait(lambda: self._link.send(data))

    def sendall(self, data: bytes) -> None:
        """Send all of `data`. Raises TimeoutError."""
        while data:
            data = data[self.send(data) :]

    def _wait(self, act: Callable[[], T]) -> T:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            with self._turn:
                try:
                    return act()
                except ssl.SSLWantReadError:
                    readers, writers = [self._link], []
                except ssl.SSLWantWriteError:
                    readers, writers = [], [self._link]
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not any(select.select(readers, writers, [], left)):
                raise TimeoutError("timed out")

    def settimeout(self, seconds: float | None) -> None:
        """Set the seconds that `recv` and `send` wait; None for no limit."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """The seconds that `recv` and `send` wait; None for no limit."""
        return self._timeout

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the TCP connection."""
        self._link.setsockopt(level, option, value)

    def shutdown(self, how: int) -> None:
        """End the TCP connection in one or both directions, without a TLS alert."""
        socket.socket.shutdown(self._link, how)

    def fileno(self) -> int:
        """The file descriptor of the TCP connection."""
        return self._link.fileno()

    def close(self) -> None:
        """Close the TCP connection."""
        self._link.close()

"""Reads all sockets that have data, and only then dispatches the data.

One kind of work at a time is quicker than both in turn, and no greenlet runs in between. The data of one socket keeps
its order; sockets that had data at the same time are dispatched in any order.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from gevent import get_hub

READ_BYTES = 65_536
"""Bytes read from a socket at a time."""

READ_SOCKETS = 64
"""Sockets read before their data is dispatched, which bounds the memory."""

AFTER_OTHERS = -2
"""The priority, in the loop, of a callback that runs after all events have been collected."""

Receive = Callable[[bytes, int], None]
"""Takes data, and the nanosecond at which all data of a batch was read; empty data is the end. Must not block."""


class Readable(Protocol):
    """A socket, as far as the loop needs it."""

    receive: Receive | None
    """None while nobody wants the data."""

    @property
    def recv(self) -> Callable[[int], bytes]:
        """Read from the socket without blocking."""


class ReadLoop:
    """Reads all sockets of this process.

    `on_error` gets what a receiver raised, which is a bug of Roomproof.
    """

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self.is_closed = False
        """Whether the judging has begun, so that no new connection may be added."""
        self._ready: list[Readable] = []
        self._loop = get_hub().loop
        self._reader = self._loop.check(priority=AFTER_OTHERS)

    def start(self) -> None:
        """Start reading."""
        self._reader.start(self._read_all)

    def stop(self) -> None:
        """Stop reading, for good."""
        self._reader.stop()
        self._reader.close()
        self._ready.clear()

    def watch(self, link: Readable, descriptor: int) -> Any:
        """Read a socket whenever it has data; return the watcher, to stop and close."""
        watcher = self._loop.io(descriptor, 1)
        watcher.start(self._ready.append, link)
        return watcher

    def _read_all(self) -> None:
        while self._ready:
            received: list[tuple[Receive, bytes]] = []
            links = self._ready[:READ_SOCKETS]
            del self._ready[:READ_SOCKETS]
            for link in links:
                receive = link.receive
                if receive is None:
                    continue
                try:
                    received.append((receive, link.recv(READ_BYTES)))
                except BlockingIOError:
                    continue
                except OSError:
                    received.append((receive, b""))
            self.dispatch(received)

    def dispatch(self, received: list[tuple[Receive, bytes]]) -> None:
        """Pass data that was just read to its receivers, even if some of them fail."""
        at = time.monotonic_ns()
        for receive, data in received:
            try:
                receive(data, at)
            except Exception as error:  # noqa: BLE001 - it is reported as a bug, and makes the run inconclusive
                self._on_error(error)

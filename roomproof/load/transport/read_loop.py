"""Reads what has come to the links of this process: all that is there first, and only then is any of it told.

One kind of work at a time is quicker than both in turn. No greenlet runs in between. What came to one link keeps its
order; links that had something at the same time are told in any.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from gevent import get_hub

READ_BYTES = 65_536
"""So much is read at a time."""

READ_LINKS = 64
"""So many links are read before what came is told: that bounds the memory."""

AFTER_OTHERS = -2
"""The priority, for the loop, of what comes after all that has happened is known."""

Receive = Callable[[bytes, int], None]
"""Is told what was read, and a time when it was there, which is one for all links; empty bytes are the end.

Must not block."""


class Readable(Protocol):
    """What has something to be read."""

    receive: Receive | None
    """None while nobody reads."""

    @property
    def recv(self) -> Callable[[int], bytes]:
        """That of its socket, which does not block."""


class ReadLoop:
    """Reads all links of this process. `failed` is told what a receiver raised: that is a bug of ours."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self.is_closed = False
        """Whether all is being judged, so that nobody new may come."""
        self._ready: list[Readable] = []
        self._loop = get_hub().loop
        self._reader = self._loop.check(priority=AFTER_OTHERS)

    def start(self) -> None:
        """Begin."""
        self._reader.start(self._read_all)

    def stop(self) -> None:
        """Read no more."""
        self._reader.stop()
        self._reader.close()
        self._ready.clear()

    def watch(self, link: Readable, descriptor: int) -> Any:
        """Read a link whenever there is something, until the watcher that is returned is stopped and closed."""
        watcher = self._loop.io(descriptor, 1)
        watcher.start(self._ready.append, link)
        return watcher

    def _read_all(self) -> None:
        while self._ready:
            received: list[tuple[Receive, bytes]] = []
            links = self._ready[:READ_LINKS]
            del self._ready[:READ_LINKS]
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
        """Tell what was read just now; whoever fails takes nothing from others, nor from itself what comes later."""
        at = time.monotonic_ns()
        for receive, data in received:
            try:
                receive(data, at)
            except Exception as error:  # noqa: BLE001 - it is a bug, and told as one: the run is inconclusive
                self._on_error(error)

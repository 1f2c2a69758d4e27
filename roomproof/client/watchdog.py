"""A time limit for a whole exchange.

The timeout of a socket limits each wait only, so a peer that sends a byte now and then could go on for ever.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from roomproof.client.tls import TlsLink

LOOK_S = 0.05
"""Seconds between two looks at all links.

One thread serves them all; a timer each would be a thread each.
"""


@dataclass(eq=False, slots=True)
class _Watched:
    until: float
    link: "socket.socket | TlsLink"
    is_cut: bool = False


class _Watchdog:
    def __init__(self) -> None:
        self._watched: set[_Watched] = set()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, watched: _Watched) -> None:
        with self._turn:
            self._watched.add(watched)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch_all, name="watchdog", daemon=True)
                self._thread.start()

    def release(self, watched: _Watched) -> None:
        with self._turn:
            self._watched.discard(watched)

    def _watch_all(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._turn:
                for watched in [one for one in self._watched if one.until < time.monotonic()]:
                    self._watched.remove(watched)
                    watched.is_cut = True
                    with contextlib.suppress(OSError):
                        watched.link.shutdown(socket.SHUT_RDWR)


_watchdog = _Watchdog()


@contextlib.contextmanager
def cut_after(seconds: float, link: "socket.socket | TlsLink") -> Iterator[None]:
    """Shut the link down if the block takes longer, and raise TimeoutError."""
    watched = _Watched(time.monotonic() + seconds, link)
    _watchdog.watch(watched)
    try:
        yield
    except Exception:
        if not watched.is_cut:
            raise
    finally:
        _watchdog.release(watched)
    if watched.is_cut:
        raise TimeoutError(f"expected a complete answer within {seconds:g} s, got none")

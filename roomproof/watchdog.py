"""A limit to a whole conversation: a timeout on a socket only limits each wait, and a peer may drip for ever."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from roomproof.tls import TlsLink


@contextlib.contextmanager
def cut_after(seconds: float, link: "socket.socket | TlsLink") -> Iterator[None]:
    """Shut the link down if the block takes longer than so many seconds; TimeoutError is raised if it ends for that."""
    is_cut = False

    def cut() -> None:
        nonlocal is_cut
        is_cut = True
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if is_cut:
        raise TimeoutError(f"after {seconds:g} s it was still not complete")

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
    except Exception:
        if not is_cut:
            raise
    finally:
        timer.cancel()
    if is_cut:
        raise TimeoutError(f"it was not complete after {seconds:g} s")

"""Ports of the loopback address."""

import contextlib
import random
import socket
from collections.abc import Iterator

PORTS = range(20_000, 32_000)
"""Below those that the system gives to clients, so that a part that was broken finds its own free when it is back."""

TRIES = 100


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A port on which nobody listens. Nobody else is given it, in whatever process, as long as this context lasts.

    It is bound and not listened on: Linux lets a server that sets SO_REUSEADDR, as servers do, listen there all the
    same, as often as it is started, and refuses everybody who looks for a free port.
    """
    with socket.socket() as reservation:
        port = _bind(reservation)
        # Not before: two who both set it are both given the port as long as neither listens.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield port


def _bind(reservation: socket.socket) -> int:
    for port in random.sample(PORTS, TRIES):
        with contextlib.suppress(OSError):
            reservation.bind(("127.0.0.1", port))
            return port
    raise OSError(f"tried {TRIES} ports from {PORTS.start} to {PORTS.stop - 1}, and none is free")


def accepts(port: int) -> bool:
    """Whether somebody listens on a port of the loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

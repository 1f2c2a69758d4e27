"""Free ports of the loopback address."""

import contextlib
import random
import socket
from collections.abc import Iterator

PORTS = range(20_000, 32_000)
"""The ports to choose from.

They are below those that the system gives to clients, so that a part finds its port free when it starts again.
"""

TRIES = 100
"""Number of ports tried before giving up."""


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a port on which nobody listens, for as long as this context lasts.

    The port is bound, but not listened on. Linux then refuses it to everybody who looks for a free port, and still lets
    a server with SO_REUSEADDR listen there, as often as it is started.
    """
    with socket.socket() as reservation:
        port = _bind(reservation)
        # Set after binding: of two sockets that set it before, both get the port as long as neither listens.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield port


def _bind(reservation: socket.socket) -> int:
    for port in random.sample(PORTS, TRIES):
        with contextlib.suppress(OSError):
            reservation.bind(("127.0.0.1", port))
            return port
    raise OSError(f"expected a free port from {PORTS.start} to {PORTS.stop - 1}, tried {TRIES} and none is free")


def accepts(port: int) -> bool:
    """Whether a server listens on this port of the loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

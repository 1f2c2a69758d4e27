"""Free ports of the loopback address."""

import random
import socket

PORTS = range(20_000, 32_000)
"""Below those that the system gives to clients, so that a part that was broken finds its own free when it is back."""

TRIES = 100


def free_port() -> int:
    """A port on which nobody listens."""
    for port in random.sample(PORTS, TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"tried {TRIES} ports from {PORTS.start} to {PORTS.stop - 1}, and none is free")


def accepts(port: int) -> bool:
    """Whether somebody listens on a port of the loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

"""The sockets on which the server listens."""

import errno
import socket
from collections.abc import Sequence

BACKLOG = 4096
"""Number of connections that can wait to be accepted.

Hypercorn's 100 are too few for thousands at once."""

_FREE_PORT_ATTEMPTS = 10
"""Number of free ports that are tried, until one is free for every family."""


class CannotListen(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The address cannot be used. The message says which one and why."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Return a socket for each address of the host, bound but not listening yet.

    A name such as ``localhost`` has an address in each family. A family that this machine lacks is left out.

    Raises CannotListen.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
        for _ in range(_FREE_PORT_ATTEMPTS):
            listeners = _bind_all(addresses)
            if listeners:
                return listeners
    except OSError as error:
        raise CannotListen(f"cannot listen on {host} port {port}: {error.strerror}") from error
    raise CannotListen(f"cannot listen on {host}: no port is free for all its addresses")


def listen(listeners: list[socket.socket]) -> None:
    """Start to listen, now that requests are answered at once.

    Until then a proxy uses another instance. Raises CannotListen.
    """
    for listener in listeners:
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            host, port = listener.getsockname()[:2]
            raise CannotListen(f"cannot listen on {host} port {port}: {error.strerror}") from error


def url(host: str, listeners: list[socket.socket]) -> str:
    """Return the URL at which clients find the server."""
    address, port = listeners[0].getsockname()[:2]
    name = address if len(listeners) == 1 else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _bind_all(addresses: Sequence[tuple[int, tuple[object, ...]]]) -> list[socket.socket]:
    """Bind to all addresses that this machine has, by the port of the first one.

    Return nothing if another process has taken that port in a second family, though any port was free to use.
    """
    listeners: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in addresses:
        host, wanted, *rest = address
        port = listeners[0].getsockname()[1] if listeners else wanted
        try:
            listeners.append(_bind(family, (host, port, *rest), is_alone=len(addresses) == 1))
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                missing = error
                continue
            for listener in listeners:
                listener.close()
            if listeners and not wanted and error.errno == errno.EADDRINUSE:
                return []
            raise
    if missing is not None and not listeners:
        raise missing
    return listeners


def _bind(family: int, address: tuple[object, ...], *, is_alone: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6 and not is_alone:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener

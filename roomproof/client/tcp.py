"""TCP connections to a target, and the failures of this machine on the way."""

import errno
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

from roomproof.printable import escaped

Found = tuple[socket.AddressFamily, Any]
"""A family and an address of it, as a socket takes them."""

NETWORK = "check the network, the firewall and the routes of this machine"
FILES = "raise the limit of open files with `ulimit -n`, or use fewer connections or more workers"

ADVICE = {
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
    errno.EADDRNOTAVAIL: "set source_addresses to addresses of this machine, and to more if their ports are used up",
    errno.EADDRINUSE: "set more source_addresses: their ports are used up",
    errno.EINVAL: "set source_addresses to addresses that can reach the target",
    errno.EACCES: NETWORK,
    errno.EPERM: NETWORK,
    errno.ENETUNREACH: NETWORK,
    errno.EHOSTUNREACH: NETWORK,
    errno.ENETDOWN: NETWORK,
    errno.EAFNOSUPPORT: "name the target by an address of a family that this machine has, such as 127.0.0.1",
    errno.ENOBUFS: "use fewer connections on this machine",
    errno.ENOMEM: "use fewer connections on this machine",
}
"""Errors that arise on this machine without any answer of the server, and what to do about each."""


class LocalTroubleError(Exception):
    """A failure on our side, which says nothing about the server.

    The message says what to do.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(escaped(sentence))

    @classmethod
    def of_library(cls, doing: str, error: Exception) -> "LocalTroubleError":
        """The failure of a library that refused our own input."""
        return cls(
            f"expected to be able to {doing}, got {type(error).__name__}: {error}; check the target and its headers"
        )

    @classmethod
    def of_steering(cls, instance: str, attempts: int) -> "LocalTroubleError":
        """The failure to reach an instance behind a front without affinity."""
        return cls(
            f"expected to reach the instance {instance} in {attempts} attempts, reached others; "
            "leave only instances behind the front that take new clients"
        )


def local_trouble(doing: str, error: BaseException) -> LocalTroubleError | None:
    """Return the trouble behind an error; None if the server can be the cause."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, LocalTroubleError):
            return seen
        if isinstance(seen, ssl.SSLCertVerificationError):
            advice = "set --ca to the authority that signed it, and name the target as the certificate does"
            return LocalTroubleError(f"expected to {doing}, got an untrusted certificate: {seen}; {advice}")
        if isinstance(seen, OSError) and not isinstance(seen, TimeoutError | ssl.SSLError) and seen.errno in ADVICE:
            return _trouble(doing, seen)
        seen = seen.__cause__ or seen.__context__
    return None


def open_tcp(
    host: str,
    port: int,
    bind: tuple[str, int] | None,
    seconds: float,
    prepare: Callable[[socket.socket], None] | None = None,
) -> socket.socket:
    """Connect to a host within some seconds, at each of its addresses in turn.

    `prepare` changes each socket before it connects. The address that answered is the first one next time. Raises
    LocalTroubleError if no address could be tried, and OSError if the server did not answer.
    """
    doing = f"connect to {host} port {port}" + (f" from {bind[0]}" if bind else "")
    until = time.monotonic() + seconds
    theirs: OSError | None = None
    ours: OSError | None = None
    found = _addresses_for(host, port, bind, doing)
    for number, one in enumerate(found):
        left = until - time.monotonic()
        is_proven = one == _answered.get((host, port))
        share = left if is_proven else left / (len(found) - number)
        if left <= 0:
            break
        try:
            link = _connect(one, bind, share, prepare)
        except OSError as error:
            if isinstance(error, TimeoutError) or error.errno not in ADVICE:
                theirs = error
            else:
                ours = error
        else:
            _answered[host, port] = one
            return link
    _resolved.pop((host, port), None)
    if theirs is None and ours is not None:
        raise _trouble(doing, ours) from ours
    raise theirs or TimeoutError("timed out")


def _connect(
    found: Found, bind: tuple[str, int] | None, seconds: float, prepare: Callable[[socket.socket], None] | None
) -> socket.socket:
    family, address = found
    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(seconds)
        if prepare:
            prepare(link)
        if bind:
            link.bind(bind)
        link.connect(address)
    except BaseException:
        link.close()
        raise
    return link


def _trouble(doing: str, error: OSError) -> LocalTroubleError:
    number = error.errno or 0
    return LocalTroubleError(f"expected to {doing}, got {os.strerror(number)} on this machine; {ADVICE[number]}")


_resolved: dict[tuple[str, int], list[Found]] = {}
"""The addresses of each host, looked up once; again after all of them failed."""

_answered: dict[tuple[str, int], Found] = {}
"""The address at which each host answered last."""


def _addresses_for(host: str, port: int, bind: tuple[str, int] | None, doing: str) -> list[Found]:
    """Return the addresses of a host that can be reached from `bind`.

    The address that answered an earlier connection comes first. Raises LocalTroubleError if there is none.
    """
    found = _resolved.get((host, port))
    if found is None:
        try:
            found = list(dict.fromkeys(_look_up(host, port)))
        except (OSError, UnicodeError) as error:
            advice = "check the name in the target, and the name resolution of this machine"
            raise LocalTroubleError(f"expected to resolve the name {host!r}, got {error}; {advice}") from error
        _resolved[host, port] = found
    if bind:
        version = ipaddress.ip_address(bind[0]).version
        found = [one for one in found if one[0] == (socket.AF_INET if version == 4 else socket.AF_INET6)]
    if not found:
        raise LocalTroubleError(f"expected to {doing}, got no address of the same family; change source_addresses")
    return sorted(found, key=lambda one: one != _answered.get((host, port)))


def _look_up(host: str, port: int) -> Iterator[Found]:
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield family, address

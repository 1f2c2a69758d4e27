"""The link of one member: connecting and the handshake, sending, and being told when there is something to read."""

import contextlib
import socket
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import gevent
import websocket
from gevent import get_hub
from websocket import ABNF, _handshake

from roomproof.http import served_by
from roomproof.load.frames import CONTROL, masked
from roomproof.target import Target

REACH_S = 2.0
"""So long an address of several may take to answer."""

READ_BYTES = 65_536
"""So much is read at a time."""


class RefusedError(Exception):
    """The handshake was refused: with an HTTP status, or (None) without any answer."""

    def __init__(self, status: int | None, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Link:
    """An open WebSocket connection. Reading costs no greenlet, but over TLS."""

    __slots__ = ("_is_sending", "_is_tls", "_plain", "_socket", "_waiting", "_watcher", "is_torn")

    def __init__(self, connection: Any) -> None:
        """`connection` is a socket of gevent's, with TLS or without."""
        self._socket = connection
        self._is_tls = hasattr(self._socket, "context")
        # What gevent waits with is left out where there is nothing to wait for.
        self._plain: Any = getattr(self._socket, "_sock", None)
        self._watcher: Any = None
        self._is_sending = False
        self._waiting: list[bytes] | None = None
        self.is_torn = False
        """Whether a frame was sent in part only: nothing can follow it."""

    def watch(self, receive: Callable[[bytes], None]) -> None:
        """From now on tell everything that is read; empty bytes are the end. `receive` must not block."""
        if self._is_tls:
            self._watcher = gevent.spawn(self._read_on, receive)
            return
        self._watcher = get_hub().loop.io(self._socket.fileno(), 1)
        self._watcher.start(self._read, receive)

    def rest(self) -> None:
        """Read no more, until asked to watch again."""
        watcher, self._watcher = self._watcher, None
        if watcher is None:
            return
        if self._is_tls:
            watcher.kill(block=False)
        else:
            watcher.stop()
            watcher.close()

    def _read(self, receive: Callable[[bytes], None]) -> None:
        try:
            data = self._plain.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        receive(data)

    def _read_on(self, receive: Callable[[bytes], None]) -> None:
        data = b"?"
        while data:
            try:
                data = self._socket.recv(READ_BYTES)
            except OSError:
                data = b""
            receive(data)

    def send(self, payload: bytes, opcode: int = ABNF.OPCODE_TEXT) -> None:
        """Send a frame; this blocks where the server does not read. Raises OSError if the link is gone."""
        frame = masked(payload, opcode)
        if self._is_sending:
            # Another greenlet is in the middle of a frame, and sends this one when it is through.
            self._waiting = [*(self._waiting or []), frame]
            return
        if not self._is_tls:
            try:
                sent = self._plain.send(frame)
            except BlockingIOError:
                sent = 0
            if sent == len(frame):
                return
            frame = frame[sent:]
        self._is_sending = True
        if opcode >= CONTROL:
            # An answer to the server: whoever reads must not wait.
            gevent.spawn(self._send_all, frame)
        else:
            self._send_all(frame, is_told=True)

    def _send_all(self, frame: bytes, *, is_told: bool = False) -> None:
        try:
            self._socket.sendall(frame)
            while self._waiting:
                waiting, self._waiting = self._waiting, None
                self._socket.sendall(b"".join(waiting))
        except OSError:
            if is_told:
                raise
        except BaseException:
            self.is_torn = True
            raise
        finally:
            self._is_sending = False

    def send_close(self, code: int) -> None:
        """Send a Close frame."""
        with contextlib.suppress(OSError):
            self.send(struct.pack("!H", code), ABNF.OPCODE_CLOSE)

    def end(self, *, reset: bool = False) -> None:
        """End the TCP connection: in order, or torn down."""
        self.rest()
        with contextlib.suppress(OSError):
            if reset:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()


def connect(target: Target, room: str, user: str, *, source: str | None) -> tuple[Link, str]:
    """Shake hands with the server; the link, and the instance that answered ("" if it does not say).

    Raises RefusedError.
    """
    # The library keeps cookies for the whole process, and would carry them from one connection to another.
    _handshake.CookieJar.jar.clear()
    web = websocket.WebSocket(skip_utf8_validation=True)
    plain = None
    try:
        bind = target.bound_to(source)
        plain = socket.create_connection(_reached(*target.address, bind), target.deadline, bind)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = target.tls().wrap_socket(plain, server_hostname=target.address[0]) if target.is_tls else plain
        web.connect(
            target.websocket_url(room, user),
            socket=link,
            header=target.headers_of(source),
            redirect_limit=0,
            suppress_origin=True,
            timeout=target.deadline,
        )
        link.settimeout(None)
    except websocket.WebSocketBadStatusException as error:
        _close(plain)
        raise RefusedError(error.status_code, (error.resp_body or b"")[:300].decode(errors="replace")) from error
    except (websocket.WebSocketException, OSError, ValueError) as error:
        _close(plain)
        raise RefusedError(None, f"{type(error).__name__}: {error}") from error
    except BaseException:
        _close(plain)
        raise
    instance = served_by((web.getheaders() or {}).get("x-upstream")) or ""
    return Link(web.sock), instance


def _close(plain: socket.socket | None) -> None:
    if plain is not None:
        plain.close()


@cache
def _reached(host: str, port: int, bind: tuple[str, int] | None) -> tuple[str, int]:
    """The first address of a host that can be reached: names are looked up once, not for each of thousands."""
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        number = str(address[0])
        with contextlib.suppress(OSError), socket.create_connection((number, port), REACH_S, bind):
            return number, port
    return host, port

"""The WebSocket connection of a member: handshake, reading, and sending."""

import contextlib
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import gevent
import websocket
from websocket import ABNF

from roomproof.client.library_cookies import share_no_cookies
from roomproof.client.opening import Opening, play_opening
from roomproof.client.quiet_close import close_code, frame_of, opcode_of
from roomproof.client.redaction import without_secrets
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError, local_trouble, open_tcp
from roomproof.dialects.session import Session
from roomproof.load.transport.frames import client_frame
from roomproof.load.transport.read_loop import READ_BYTES, ReadLoop, Receive

REASON_BYTES = 300
"""Bytes of the body of a refusal that its reason keeps."""


class RefusedError(Exception):
    """The server refused the handshake, or gave no proper answer.

    Without a proper answer `status` is None. `is_by_frame`: it refused the connection after its handshake.
    """

    def __init__(self, status: int | None, reason: str, *, is_by_frame: bool = False) -> None:
        super().__init__(reason)
        self.status, self.is_by_frame = status, is_by_frame


class LoadSocket:
    """An open WebSocket connection. Reading takes a greenlet only over TLS.

    What the server does not take at once is sent by a greenlet: `_sender` is not None exactly while it runs. `_error`
    is the error with which that greenlet ended; every later `send` and `drain` raises it.
    """

    __slots__ = (
        "_error",
        "_is_tls",
        "_is_wait_abandoned",
        "_plain",
        "_pong",
        "_read_loop",
        "_sender",
        "_socket",
        "_undelivered",
        "_unsent",
        "_watcher",
        "receive",
        "recv",
    )

    def __init__(self, connection: Any, read_loop: ReadLoop) -> None:
        """`connection` is a socket of gevent, with TLS or without."""
        self._socket = connection
        self._read_loop = read_loop
        self._is_tls = hasattr(self._socket, "context")
        # Without the layer of gevent, which is only needed for waiting, a call costs less.
        self._plain: Any = getattr(self._socket, "_sock", self._socket)
        self._watcher: Any = None
        self.receive: Receive | None = None
        self.recv: Callable[[int], bytes] = self._socket.recv if self._is_tls else self._plain.recv
        self._sender: gevent.Greenlet[..., None] | None = None
        self._unsent: list[bytes] = []
        self._undelivered = b""
        self._pong = b""
        self._error: OSError | None = None
        self._is_wait_abandoned = False

    def start_reading(self, receive: Receive) -> None:
        """Pass everything that is read to `receive` from now on."""
        self.stop_reading()
        self.receive = receive
        if self._is_tls:
            self._watcher = gevent.spawn(self._read_forever, receive)
        else:
            self._watcher = self._read_loop.watch(self, self._socket.fileno())

    def stop_reading(self) -> None:
        """Read nothing until `start_reading` is called again."""
        self.receive = None
        watcher, self._watcher = self._watcher, None
        if watcher is None:
            return
        if self._is_tls:
            watcher.kill(block=False)
        else:
            watcher.stop()
            watcher.close()

    def _read_forever(self, receive: Receive) -> None:
        data = b"?"
        while data and self.receive is receive:
            data = self._undelivered = self._undelivered or self._read()
            if self.receive is receive:  # else reading was stopped, and the greenlet woken before it was killed
                self._undelivered = b""
                self._read_loop.dispatch([(receive, data)])

    def _read(self) -> bytes:
        try:
            return self.recv(READ_BYTES)
        except (OSError, ValueError):  # a closed TLS socket raises ValueError
            return b""

    @property
    def is_sending(self) -> bool:
        """Whether bytes that were sent still wait for the server to take them."""
        return self._sender is not None

    @property
    def has_abandoned_send(self) -> bool:
        """Whether a wait for the server to take a frame was given up before its end."""
        return self._is_wait_abandoned and self.is_sending

    def send(self, payload: bytes, opcode: int = ABNF.OPCODE_TEXT) -> None:
        """Send a frame, now or as soon as the server takes it.

        Raises OSError if the connection has ended.
        """
        frame = client_frame(payload, opcode)
        if self._sender is not None:
            if opcode == ABNF.OPCODE_PONG:
                self._pong = frame  # RFC 6455, 5.5.3: it is enough to answer the last ping
            else:
                self._unsent.append(frame)
            return
        if self._error is not None:
            raise self._error
        sent = self._send_at_once(frame)
        if sent < len(frame):
            self._unsent = [frame[sent:]]
            self._sender = gevent.spawn(self._send_rest)

    def _send_at_once(self, frame: bytes) -> int:
        """Send what the server takes without waiting; return the number of bytes."""
        try:
            if not self._is_tls:
                return int(self._plain.send(frame))
            self._socket.settimeout(0.0)  # no other greenlet runs before it is set back
            try:
                return int(self._socket.send(frame))
            finally:
                self._socket.settimeout(None)
        except BlockingIOError:
            return 0

    def _send_rest(self) -> None:
        try:
            while self._unsent or self._pong:
                unsent = [*self._unsent, self._pong]
                self._unsent, self._pong = [], b""
                self._socket.sendall(b"".join(unsent))
        except OSError as error:
            self._error = error
        except ValueError as error:
            self._error = ConnectionError(str(error))  # a closed TLS socket raises ValueError
        finally:
            self._sender = None

    def drain(self) -> None:
        """Wait until the server has taken everything that was sent.

        Raises OSError if the connection has ended.
        """
        if self._sender is not None:
            try:
                self._sender.join()
            except BaseException:
                self._is_wait_abandoned = True
                raise
        if self._error is not None:
            raise self._error

    def send_close(self, code: int) -> None:
        """Send a Close frame."""
        with contextlib.suppress(OSError):
            self.send(struct.pack("!H", code), ABNF.OPCODE_CLOSE)

    def close(self, *, reset: bool = False) -> None:
        """End the TCP connection, in order or by a reset."""
        self.stop_reading()
        with contextlib.suppress(OSError):
            if reset:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()


class Connected(NamedTuple):
    """An open connection.

    `instance` is that of the server which answered, or else of the client address, or empty if unknown. `session` has
    what the opening taught, and `others` are the frames that arrived in it and belong to no step.
    """

    link: LoadSocket
    instance: str
    session: Session
    others: tuple[str | bytes, ...] = ()


def connect(target: Target, session: Session, read_loop: ReadLoop, *, source: str | None) -> Connected:
    """Shake hands, and play the opening of the dialect.

    Raises RefusedError, LocalTroubleError for a failure on this machine, and UsageError for a target file that does not
    fit. No message has a secret of the user.
    """
    try:
        return _connect(target, session, read_loop, source)
    except RefusedError as error:
        reason = without_secrets(str(error), session)
        raise RefusedError(error.status, reason, is_by_frame=error.is_by_frame) from None
    except LocalTroubleError as error:
        raise LocalTroubleError(without_secrets(str(error), session)) from None


def _connect(target: Target, session: Session, read_loop: ReadLoop, source: str | None) -> Connected:
    share_no_cookies()
    web = websocket.WebSocket(skip_utf8_validation=True)
    handshake = target.dialect.handshakes.handshake(session)
    host, headers = target.handshake_headers(source, handshake)
    plain = None
    try:
        plain = open_tcp(*target.address, target.bound_to(source), target.deadline)
        plain.settimeout(target.deadline)
        link = target.tls().wrap_socket(plain, server_hostname=target.address[0]) if target.is_tls else plain
        web.connect(
            target.websocket_url(handshake),
            socket=link,
            header=headers,
            host=host,
            origin=handshake.origin,
            subprotocols=list(handshake.subprotocols),
            redirect_limit=0,
            suppress_origin=handshake.origin is None,
            timeout=target.deadline,
        )
        opened = _play_opening(web, target, session)
        link.settimeout(None)
    except websocket.WebSocketBadStatusException as error:
        _close(plain)
        target.keep_cookie(source, [(error.resp_headers or {}).get("set-cookie", "")])
        raise RefusedError(
            error.status_code, (error.resp_body or b"")[:REASON_BYTES].decode(errors="replace")
        ) from error
    except (websocket.WebSocketException, OSError) as error:
        _close(plain)
        if trouble := local_trouble(f"connect to {target.url}", error):
            raise trouble from error
        answer = web.handshake_response
        if answer is not None and answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
            raise RefusedError(answer.status, f"redirected to {answer.headers.get('location', 'nowhere')}") from error
        raise RefusedError(None, f"{type(error).__name__}: {error}") from error
    except (ValueError, TypeError, LookupError) as error:  # for garbage from the server the library has its own
        _close(plain)
        raise LocalTroubleError.of_library("send a handshake", error) from error
    except BaseException:
        _close(plain)
        raise
    answered = web.getheaders() or {}
    target.keep_cookie(source, [answered.get("set-cookie", "")])
    instance = target.instance_of(answered.get(target.dialect.instance_header.lower()), source)
    return Connected(LoadSocket(web.sock, read_loop), instance or "", opened.session, opened.others)


def _play_opening(web: websocket.WebSocket, target: Target, session: Session) -> Opening:
    """Play the opening within the deadline.

    Raises RefusedError, and what sending and receiving raise.
    """
    is_late = False

    def receive() -> str | bytes:
        nonlocal is_late
        try:
            opcode, data = web.recv_data()
        except (TimeoutError, websocket.WebSocketTimeoutException) as error:
            is_late = True
            raise TimeoutError from error
        if opcode == ABNF.OPCODE_CLOSE:
            raise websocket.WebSocketConnectionClosedException(f"closed with {close_code(data)}")
        return frame_of(opcode, data)

    def send(frame: str | bytes) -> None:
        web.send(frame, opcode_of(frame))

    with gevent.Timeout(target.deadline, TimeoutError):
        opened = play_opening(target.dialect.frames, session, send, receive)
    if opened.refused is not None:
        raise RefusedError(None, opened.refused, is_by_frame=not is_late)
    return opened


def _close(plain: socket.socket | None) -> None:
    if plain is not None:
        plain.close()

"""One WebSocket connection that records everything it sends and receives."""

import contextlib
import queue
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import websocket

from roomproof.client.library_cookies import share_no_cookies
from roomproof.client.opening import play_opening
from roomproof.client.quiet_close import QuietClose, close_code, frame_of, opcode_of
from roomproof.client.read_ahead import ReadAhead
from roomproof.client.redaction import without_secrets
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError, local_trouble, open_tcp
from roomproof.client.tls import TlsLink
from roomproof.client.watchdog import cut_after
from roomproof.dialects.session import Session, UserRow
from roomproof.dialects.users import TOKEN
from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Received, Refused, Sent, Violating
from roomproof.recorder import Recorder
from roomproof.spec.limits import CloseCode
from roomproof.spec.messages import Frame, Unmatched

SLOW_RECEIVE_BUFFER = 4_096
"""Bytes of receive buffer in the kernel for a connection that does not read."""


class ClientConnection:
    """A client's connection to one room.

    A thread reads frames as they arrive, answers pings, and records. All else happens in the thread of the caller.

    Invariants: `refused` is set if the handshake failed, and then nothing else happens. `closed` is set after the
    last frame. After `die` nothing is read, and `closed` is set only if this side had begun to close.
    """

    def __init__(
        self, target: Target, recorder: Recorder, room: str, user: str | None, row: UserRow | None = None
    ) -> None:
        """`row` takes the place of the user's own, to connect with another token."""
        self.number = recorder.new_connection()
        self.room = room
        self.user = user
        self.session = Session(room, row or target.user(user))
        """The room and the user of this connection, and what its opening taught."""
        self.opening_frames: tuple[tuple[str, str], ...] = ()
        """The frames of the opening, which no history shows: sent (`>`) and received (`<`)."""
        self.before_refusal: tuple[str | bytes, ...] = ()
        """The frames that came before an opening was refused, and belong to no step of it."""
        self._frames = target.dialect.frames
        self._said = 0
        self.compression: str | None = None
        """The compression to which the server agreed; None without one."""
        self.instance: str | None = None
        """The instance that serves the connection, where that is known."""
        self.source: str | None = None
        self.reads = True
        self.refused: Refused | None = None
        self.closed: Closed | None = None
        self.received: list[Received] = []
        """All frames received so far; the reading thread appends to it."""
        self._target = target
        self._recorder = recorder
        self._socket: QuietClose | None = None
        self._reader: threading.Thread | None = None
        self._sending = threading.Lock()
        """Held while a frame is recorded and sent: the history has the order of sending."""
        self._closing = False
        self._dead = False
        self._over = threading.Event()
        """Set when nothing more is sent by itself."""
        self._pongs: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def open(self, *, reads: bool = True, source: str | None = None, within: float | None = None) -> bool:
        """Connect, and return whether the server accepted.

        If not, `refused` says why. With `reads` false nothing is read, and the kernel buffers little, until `read` is
        called. `source` is the client to connect as. The server has `within` seconds to respond, by default
        the deadline. Raises LocalTroubleError for a failure on this machine.
        """
        deadline = within or self._target.deadline
        self.source = source
        share_no_cookies()
        self._recorder.record(Opening(self.number, self._recorder.now(), self.room, self.session.user.user))
        web = _new_socket(deflate=self._target.deflate)
        link: socket.socket | TlsLink | None = None
        handshake = self._target.dialect.handshakes.handshake(self.session)
        host, headers = self._target.handshake_headers(source, handshake)
        try:
            link = self._connect(reads, source)
            with cut_after(deadline, link):
                web.connect(  # type: ignore[no-untyped-call]  # the library annotates it in part
                    self._target.websocket_url(handshake),
                    socket=link,
                    header=headers | web.offers,
                    host=host,
                    origin=handshake.origin,
                    subprotocols=list(handshake.subprotocols),
                    redirect_limit=0,
                    suppress_origin=handshake.origin is None,
                    timeout=deadline,
                )
                web.agree()
                opened = play_opening(self._frames, self.session, web.send_whole, web.receive_whole)
        except websocket.WebSocketBadStatusException as error:
            _close(link)
            self._target.keep_cookie(source, [(error.resp_headers or {}).get("set-cookie", "")])
            return self._refuse(error.status_code, (error.resp_body or b"")[:300].decode(errors="replace"))
        except (websocket.WebSocketException, OSError) as error:
            _close(link)
            if trouble := local_trouble(f"connect to {self._target.url}", error):
                raise trouble from error
            # Only a redirect has set another status: the library takes it for a success at first.
            status = None if web.getstatus() == HTTPStatus.SWITCHING_PROTOCOLS else web.getstatus()
            return self._refuse(status, f"{type(error).__name__}: {error}")
        except (ValueError, TypeError, LookupError) as error:  # for garbage from the server the library has its own
            _close(link)
            raise LocalTroubleError.of_library("send a handshake", error) from error
        self.opening_frames = opened.shown
        if opened.refused is not None:
            _close(link)
            self.before_refusal = opened.others
            last = [f"; the last one was {without_secrets(str(one), self.session)}" for one in opened.others[-1:]]
            return self._refuse(None, opened.refused + "".join(last), opened.code)
        self._socket = web
        self.compression = web.compression
        self.reads = reads
        self.session = opened.session
        headers = web.getheaders() or {}
        self._target.keep_cookie(source, [headers.get("set-cookie", "")])
        self.instance = self._target.instance_of(headers.get(self._target.dialect.instance_header.lower()), source)
        known_as = self._target.dialect.known_as(self.session)
        self.user = known_as if self.user is not None else None
        is_other = self.user != self.session.user.user
        self._recorder.record(Opened(self.number, self._recorder.now(), self.instance, self.user if is_other else None))
        for frame in opened.others:
            self._receive_frame(frame)
        if reads:
            self._start_reading()
        else:
            self._recorder.record(Reading(self.number, self._recorder.now(), reads=False))
        return True

    def _connect(self, reads: bool, source: str | None) -> socket.socket | TlsLink:
        host, port = self._target.address
        deadline = self._target.deadline
        link = open_tcp(host, port, self._target.bound_to(source), deadline, None if reads else _buffer_little)
        link.settimeout(deadline)
        if not self._target.is_tls:
            return ReadAhead(link)
        try:
            return TlsLink(self._target.tls().wrap_socket(link, server_hostname=host))
        except BaseException:
            link.close()
            raise

    def _refuse(self, status: int | None, reason: str, code: int | None = None) -> bool:
        shown = without_secrets(reason, self.session)
        self.refused = Refused(self.number, self._recorder.now(), status, shown, code)
        self._recorder.record(self.refused)
        return False

    def read(self) -> None:
        """Begin to read, if the connection was opened without reading."""
        if not self.reads:
            self.reads = True
            self._recorder.record(Reading(self.number, self._recorder.now(), reads=True))
            self._start_reading()

    def _start_reading(self) -> None:
        self._reader = threading.Thread(target=self._read_all, name=f"reader {self.number}", daemon=True)
        self._reader.start()
        if self._frames.heartbeat_s is not None:
            threading.Thread(target=self._keep_alive, name=f"heartbeat {self.number}", daemon=True).start()

    @property
    def is_open(self) -> bool:
        """Whether neither side, as far as is known, has begun to close the connection."""
        return self._socket is not None and not self._closing and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be received."""
        return self._dead or self.closed is not None or self.refused is not None

    def read_frame(self, frame: str | bytes) -> Frame | Unmatched:
        """Read a frame as a member of the room would."""
        return self._frames.read(frame, self.room)

    def say(self, content: str, extra: Mapping[str, object] | None = None) -> None:
        """Send a message, with `extra` fields that no service knows.

        Raises ConnectionError as `send` does.
        """
        self._said += 1
        frame = self._frames.say(content, self.session, self._said, extra)
        redacted = self.session.redacted()
        shown = frame if redacted is self.session else self._frames.say(content, redacted, self._said, extra)
        self.send(frame, binary=isinstance(frame, bytes), shown=shown)

    def send(self, frame: str | bytes, *, binary: bool = False, shown: str | bytes | None = None) -> None:
        """Send a text frame, or a binary one.

        The history shows `shown` in its place, where the frame holds secrets.
        Bytes can hold a text that no str can. Raises ConnectionError if the connection is not open, or does not take
        the frame within the deadline.
        """
        if not self.is_open:
            raise ConnectionError(f"connection {self.number} is not open")
        with self._sending:
            self._record_sent(frame if shown is None else shown)
            self._send(frame, websocket.ABNF.OPCODE_BINARY if binary else websocket.ABNF.OPCODE_TEXT)

    def send_fragments(self, fragments: Sequence[bytes], *, pings: bool = False, shown: str) -> None:
        """Send one text message in several frames, with `pings` between them.

        The history shows `shown` in its place. Raises ConnectionError as `send` does.
        """
        if not self.is_open:
            raise ConnectionError(f"connection {self.number} is not open")
        self._recorder.record(Sent(self.number, self._recorder.now(), text=shown))
        last = len(fragments) - 1
        for number, fragment in enumerate(fragments):
            opcode = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
            self._send(fragment, opcode, fin=int(number == last))
            if pings and number < last:
                self.ping()

    def violate(
        self, payload: bytes, *, is_masked: bool = True, is_reserved: bool = False, shown: bytes | None = None
    ) -> None:
        """Send a text frame that RFC 6455 forbids.

        It is not UTF-8 by its payload, is not masked, or has a reserved bit set. The history shows `shown` in place of
        a payload that holds secrets. Raises ConnectionError as `send` does.
        """
        recorded = payload if shown is None else shown
        self._recorder.record(Violating(self.number, self._recorder.now(), recorded, is_masked))
        self._send(payload, websocket.ABNF.OPCODE_TEXT, mask=int(is_masked), rsv=int(is_reserved))

    def ping(self, payload: bytes = b"") -> None:
        """Send a WebSocket ping."""
        self._send(payload, websocket.ABNF.OPCODE_PING)

    def pong(self, payload: bytes = b"") -> None:
        """Send a WebSocket pong that answers no ping."""
        self._send(payload, websocket.ABNF.OPCODE_PONG)

    def gets_pong(self, payload: bytes) -> bool:
        """Whether a pong with this payload has arrived, or arrives within the deadline."""
        deadline = time.monotonic() + self._target.deadline
        with contextlib.suppress(queue.Empty):
            while self._pongs.get(timeout=max(0.0, deadline - time.monotonic())) != payload:
                pass
            return True
        return False

    def _send(self, payload: str | bytes, opcode: int, *, fin: int = 1, mask: int = 1, rsv: int = 0) -> None:
        if self._socket is None:
            raise ConnectionError(f"connection {self.number} is not open")
        frame = websocket.ABNF.create_frame(payload, opcode, fin)
        # Where messages are compressed, the first reserved bit is not reserved.
        frame.mask_value, frame.rsv1, frame.rsv2 = mask, *((0, rsv) if self.compression else (rsv, 0))
        try:
            self._socket.send_frame(frame)
        except (websocket.WebSocketException, OSError) as error:
            if self._reader is not None and not isinstance(error, websocket.WebSocketTimeoutException):
                # The link is gone. Wait until the history says how, before anybody judges this failure.
                self._reader.join(self._target.deadline)
            raise ConnectionError(f"connection {self.number} does not take a frame: {error}") from error

    def begin_close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Send a Close frame, without a code for NO_CODE.

        Before it comes what the dialect sends there. The reading thread reads on until the server's Close frame, then
        ends the link.
        """
        if self._socket is None or not self.is_open:
            return
        self._closing = True
        leave = self._frames.leave(self.session)
        if leave is None:
            self._recorder.record(Closing(self.number, self._recorder.now(), code))
        else:
            self._begin_leave(leave, code)
        self._socket.send_close(code, reason.encode())

    def _begin_leave(self, leave: str | bytes, code: int) -> None:
        """Send the frame that the dialect sends before a Close frame.

        The server can take it for the end, so the history has the close before the frame is sent.
        """
        with self._sending:
            self._record_sent(self._frames.leave(self.session.redacted()) or leave)
            self._recorder.record(Closing(self.number, self._recorder.now(), code))
            with contextlib.suppress(ConnectionError):
                self._send(leave, opcode_of(leave))

    def _record_sent(self, frame: str | bytes) -> None:
        at = self._recorder.now()
        sent = Sent(self.number, at, text=frame) if isinstance(frame, str) else Sent(self.number, at, binary=frame)
        self._recorder.record(sent)

    def die(self, how: str) -> None:
        """End the link without a Close frame: in order with `fin`, torn down with `rst`.

        Nothing is read any more.
        """
        if self._socket is None or self._dead:
            return
        self._dead = True
        self._over.set()
        if self._closing:
            self.closed = Closed(self.number, self._recorder.now(), None, "no Close frame came")
            self._recorder.record(self.closed)
        elif self.closed is None:
            self._recorder.record(Dying(self.number, self._recorder.now(), how))
        link = self._socket.sock
        if link is None:
            return
        with contextlib.suppress(OSError):
            if how == "rst":
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Wakes the reading thread without a FIN; closing then sends the RST.
                link.shutdown(socket.SHUT_RD)
            else:
                link.shutdown(socket.SHUT_RDWR)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(self._target.deadline)
        with contextlib.suppress(OSError):
            link.close()

    def _read_all(self) -> None:
        """Receive until the connection is over, and record how it ended."""
        web = self._socket
        if web is None:
            return
        code, reason = self._receive_all(web)
        self._over.set()
        if self._dead:
            return
        self.closed = Closed(self.number, self._recorder.now(), code, reason)
        self._recorder.record(self.closed)
        with contextlib.suppress(websocket.WebSocketException, OSError):
            web.shutdown()  # type: ignore[no-untyped-call]  # the library does not annotate it

    def _receive_all(self, web: QuietClose) -> tuple[int | None, str]:
        """Receive until the Close frame or the end of the link.

        Returns the code and the reason of the Close frame. Without one the code is None, and the reason says why.
        """
        while True:
            try:
                opcode, frame = web.recv_data_frame(control_frame=True)
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError, ValueError) as error:
                return None, f"{type(error).__name__}: {error}"
            if self._dead:
                return None, "this side ended the link"
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return close_code(frame.data), frame.data[2:].decode(errors="replace")
            if opcode in (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY):
                self._receive(opcode, frame.data)
            if opcode == websocket.ABNF.OPCODE_PONG:
                self._pongs.put(bytes(frame.data))

    def _receive(self, opcode: int, data: bytes) -> None:
        frame = frame_of(opcode, data)
        if (reply := self._frames.answer(frame, self.session)) is not None:
            with contextlib.suppress(ConnectionError), self._sending:
                self._send(reply, opcode_of(reply))
            return
        self._receive_frame(frame)

    def _receive_frame(self, frame: str | bytes) -> None:
        at = self._recorder.now()
        if isinstance(frame, str):
            # Other columns stay: a server may name the user by them, and the judge compares names.
            received = Received(self.number, at, text=without_secrets(frame, self.session, only=TOKEN))
        else:
            received = Received(self.number, at, binary=frame)
        self.received.append(received)
        self._recorder.record(received)

    def _keep_alive(self) -> None:
        """Send the keep-alives of the dialect until the connection ends."""
        seconds = self._frames.heartbeat_s
        number = 0
        while seconds is not None and not self._over.wait(seconds) and self.is_open:
            number += 1
            with contextlib.suppress(ConnectionError), self._sending:
                heartbeat = self._frames.heartbeat(self.session, number)
                self._send(heartbeat, opcode_of(heartbeat))


def _new_socket(*, deflate: bool) -> QuietClose:
    if not deflate:
        return QuietClose()
    from roomproof.client.deflate import DeflatingSocket  # its import is slow, and few runs need it

    return DeflatingSocket()


def _close(link: socket.socket | TlsLink | None) -> None:
    if link is not None:
        link.close()


def _buffer_little(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_RECEIVE_BUFFER)

"""A connection to a room, which tells the judge all that it sends and receives."""

import contextlib
import time
from functools import partial
from typing import Protocol

from gevent.event import Event
from websocket import ABNF, STATUS_NORMAL, STATUS_PROTOCOL_ERROR

from roomproof.client.quiet_close import close_code, frame_of, opcode_of
from roomproof.client.redaction import without_secrets
from roomproof.client.target import Target
from roomproof.dialects.frames import Frames
from roomproof.dialects.session import Session, UserRow
from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Refused
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.transport.frames import CONTROL, MAX_MESSAGE_BYTES, Frame, FramingError, cut, missing_bytes
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.socket import Connected, LoadSocket, RefusedError, connect

KEPT_BYTES = 100
"""Bytes of a malformed frame that its finding keeps."""

_now = time.monotonic_ns


class TooLateError(Exception):
    """The handshake succeeded after the judging had begun."""


class Membership(Protocol):
    """The room of a member, as far as a member needs it."""

    @property
    def id(self) -> str:
        """The id of the chat."""

    @property
    def judge(self) -> StreamingRoom:
        """The judge of everything that happens in the room."""

    def add(self, member: "LoadMember", source: str | None) -> None:
        """Add a member whose handshake has succeeded, of this client."""

    def remove(self, member: "LoadMember") -> None:
        """Remove a member whose connection has ended."""

    def note_refusal(self, reason: str) -> None:
        """Keep the reason why the server closed a connection to refuse it."""


class LoadMember:
    """A connection to a room. Only `open`, `drain` and waiting for `ended` block.

    Invariants:
    - `_link` is None exactly before the handshake succeeds and after the connection has ended.
    - `_partial` holds the pieces of a frame that has not arrived whole; at least `_missing_bytes` still have to come.
    - `_fragments` is not None exactly between the first and the last frame of a fragmented message.
    """

    __slots__ = (
        "_fragments",
        "_frames",
        "_is_binary",
        "_is_closing",
        "_link",
        "_missing_bytes",
        "_opcode",
        "_partial",
        "_session",
        "connection",
        "ended",
        "instance",
        "judge",
        "number",
        "room",
        "row",
    )

    def __init__(
        self, room: Membership, number: int, session: Session, frames: Frames, connection: StreamingConnection
    ) -> None:
        self.room = room
        self.judge = room.judge
        self.number = number
        self.row = session.user
        self.connection = connection
        self._session = session
        """The room and the user of this connection, and what its opening taught."""
        self._frames = frames
        self._opcode = ABNF.OPCODE_BINARY if frames.says_binary else ABNF.OPCODE_TEXT
        """The opcode of the messages that it sends."""
        self._is_binary = False
        """Whether the fragments are those of a binary message."""
        self.instance = ""
        """The instance that answered the handshake; empty if the server does not name it."""
        self.ended = Event()
        """Set once the connection has ended."""
        self._link: LoadSocket | None = None
        self._partial: list[bytes] = []
        self._missing_bytes = 0
        self._fragments: bytearray | None = None
        self._is_closing = False

    def open(self, target: Target, read_loop: ReadLoop, source: str | None) -> None:
        """Shake hands and start reading.

        Raises RefusedError, LocalTroubleError, UsageError or TooLateError.
        """
        try:
            connected = self._shake_hands(target, read_loop, source)
        except RefusedError as refusal:
            self.judge.observe(self.connection, Refused(self.number, _now(), refusal.status, str(refusal)))
            raise
        except BaseException:
            self.judge.observe(self.connection, Refused(self.number, _now(), None, "given up"))
            raise
        link = self._link = connected.link
        # Without affinity each connection is of another client, and the instance tells enough.
        self.room.add(self, self.instance if target.is_steered else source)
        name = target.dialect.known_as(self._session)
        known_as = None if name == self.connection.opening.user else name
        self.judge.observe(self.connection, Opened(self.number, _now(), self.instance or None, known_as))
        for frame in connected.others:
            payload = _payload_of(frame)
            self.judge.receive(self.connection, payload, _now(), is_binary=isinstance(frame, bytes))
        link.start_reading(self._receive)

    def _shake_hands(self, target: Target, read_loop: ReadLoop, source: str | None) -> Connected:
        connected = connect(target, self._session, read_loop, source=source)
        self.instance, self._session = connected.instance, connected.session
        if read_loop.is_closed:
            connected.link.close()
            raise TooLateError
        return connected

    @property
    def user(self) -> str:
        """The name by which others know its user."""
        return self.connection.user

    @property
    def is_open(self) -> bool:
        """Whether the handshake succeeded and neither side has begun to close so far."""
        return self._link is not None and not self._is_closing

    def send_message(self, text: str, scheduled: int, at: int) -> None:
        """Send a message with this text. Raises OSError if the connection has ended.

        Its latency counts from `scheduled`, a nanosecond; with 0 it is not timed.
        """
        if self._link is None or self._is_closing:
            raise ConnectionError("the connection has ended")
        content = self.judge.compose(self.connection, text, at, scheduled)
        self._link.send(self._frames.payload(content, self._session, self.connection.sent), self._opcode)

    def keep_alive(self, number: int) -> bool:
        """Send the keep-alive that is due by itself.

        Returns whether there is a connection to keep.
        """
        if self._link is None or self._is_closing:
            return False
        heartbeat = self._frames.heartbeat(self._session, number)
        self._answer(_payload_of(heartbeat), opcode_of(heartbeat))
        return True

    @property
    def is_sending(self) -> bool:
        """Whether bytes that were sent still wait for the server to take them."""
        return self._link is not None and self._link.is_sending

    def drain(self) -> None:
        """Wait until the server has taken all that was sent.

        Raises OSError if the connection has ended.
        """
        if self._link is not None:
            self._link.drain()

    def set_reading(self, reads: bool) -> None:
        """Stop reading, or read again; the judge learns of it."""
        if not self.is_open or self._link is None or self.connection.reads == reads:
            return
        self.judge.observe(self.connection, Reading(self.number, _now(), reads=reads))
        if reads:
            self._link.start_reading(self._receive)
        else:
            self._link.stop_reading()

    def begin_close(self) -> None:
        """Send Close. What arrives before the server's answer is still received."""
        if self._link is not None and self._link.has_abandoned_send:
            self.break_link("rst")
        elif self.is_open and self._link is not None:
            self._is_closing = True
            self.judge.observe(self.connection, Closing(self.number, _now(), STATUS_NORMAL))
            self._send_close(self._link)

    def give_up_close(self) -> None:
        """Stop waiting for the answer to Close."""
        self._end(None, "no Close frame came")

    def break_link(self, how: str) -> None:
        """End the connection without a Close frame, in order (fin) or by a reset (rst)."""
        if self.is_open and self._link is not None:
            self.judge.observe(self.connection, Dying(self.number, _now(), how))
            self.drop_link(reset=how == "rst")

    def stop_reading(self) -> None:
        """Stop reading without telling the judge, who is about to finish."""
        if self._link is not None:
            self._link.stop_reading()

    def send_goodbye(self) -> None:
        """Send Close after the judge has finished, and ignore what still arrives."""
        if self._link is not None:
            if not self._is_closing:
                self._send_close(self._link)
            self._is_closing = True
            self._link.start_reading(lambda data, _: None if data else self.drop_link())

    def _send_close(self, link: LoadSocket) -> None:
        """Send Close, after what the dialect sends before it."""
        leave = self._frames.leave(self._session)
        if leave is not None:
            self._answer(_payload_of(leave), opcode_of(leave))
        link.send_close(STATUS_NORMAL)

    def drop_link(self, *, reset: bool = False) -> None:
        """End the TCP connection without telling the judge."""
        link, self._link = self._link, None
        if link is not None:
            link.close(reset=reset)
        self.ended.set()
        self.room.remove(self)

    def _receive(self, data: bytes, at: int) -> None:
        if not data:
            self._end(None, "the connection ended without a Close frame")
            return
        judge, connection = self.judge, self.connection
        if self._partial:
            self._partial.append(data)
            self._missing_bytes -= len(data)
            if self._missing_bytes > 0:
                return
            data = b"".join(self._partial)
            self._partial.clear()
        size = len(data)
        position = judge.follow(connection, data, at) if self._fragments is None else 0
        while position < size:
            try:
                frame = cut(data, position)
            except FramingError as error:
                self._break_off(data[position : position + KEPT_BYTES], str(error), at)
                return
            if frame is None:
                self._partial.append(data[position:])
                self._missing_bytes = missing_bytes(data, position)
                return
            self._take(frame, at)
            if self._link is None:
                return
            position = frame.end if self._fragments is not None else judge.follow(connection, data, at, frame.end)

    def _take(self, frame: Frame, at: int) -> None:
        if frame.opcode >= CONTROL:
            self._take_control(frame)
        elif frame.opcode == ABNF.OPCODE_CONT or self._fragments is not None:
            self._take_fragment(frame, at)
        elif frame.opcode == ABNF.OPCODE_TEXT or self._frames.has_binary:
            is_binary = frame.opcode != ABNF.OPCODE_TEXT
            if frame.is_final:
                self._take_message(frame.payload, at, is_binary=is_binary)
            else:
                self._fragments, self._is_binary = bytearray(frame.payload), is_binary
        elif frame.is_final:
            self.judge.receive_malformed(self.connection, frame.payload, "a binary frame", at)
        else:
            self._break_off(frame.payload[:KEPT_BYTES], "a fragmented binary message", at)

    def _take_message(self, payload: bytes, at: int, *, is_binary: bool) -> None:
        """Take a whole message.

        A keep-alive of the server is answered, and the judge gets all others.
        """
        if self._frames.has_answers:
            frame = frame_of(ABNF.OPCODE_BINARY if is_binary else ABNF.OPCODE_TEXT, payload)
            reply = self._frames.answer(frame, self._session)
            if reply is not None:
                self._answer(_payload_of(reply), opcode_of(reply))
                return
        if is_binary:
            self.judge.receive(self.connection, payload, at, is_binary=True)
        else:
            self.judge.receive(self.connection, payload, at)

    def _take_control(self, frame: Frame) -> None:
        if frame.opcode == ABNF.OPCODE_PING:
            self._answer(frame.payload, ABNF.OPCODE_PONG)
        elif frame.opcode == ABNF.OPCODE_CLOSE:
            self._take_close(frame.payload)

    def _take_fragment(self, frame: Frame, at: int) -> None:
        """Take a frame that continues a message, or that should."""
        start = frame.payload[:KEPT_BYTES]
        if self._fragments is None:
            self._break_off(start, "a continuation frame without a message to continue", at)
            return
        if frame.opcode != ABNF.OPCODE_CONT:
            self._break_off(start, "a new message between the fragments of another", at)
            return
        self._fragments += frame.payload
        if len(self._fragments) > MAX_MESSAGE_BYTES:
            self._break_off(start, f"a fragmented message of more than {MAX_MESSAGE_BYTES} bytes", at)
        elif frame.is_final:
            whole, self._fragments = bytes(self._fragments), None
            self._take_message(whole, at, is_binary=self._is_binary)

    def _take_close(self, payload: bytes) -> None:
        code = close_code(payload)
        if not self._is_closing:
            self._answer(payload[:2], ABNF.OPCODE_CLOSE)
        self._end(code, payload[2:].decode(errors="replace"))

    def _answer(self, payload: bytes, opcode: int) -> None:
        """Answer the server if it still reads. If not, how it ended is still to be read."""
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.send(payload, opcode)

    def _break_off(self, data: bytes, reason: str, at: int) -> None:
        """Report a protocol error of the server, send Close and end the connection."""
        self.judge.receive_malformed(self.connection, data, reason, at)
        if self._link is not None:
            self._link.send_close(STATUS_PROTOCOL_ERROR)
            self.judge.observe(self.connection, Dying(self.number, at, "fin"))
            self.drop_link()

    def _end(self, code: int | None, reason: str) -> None:
        """Report that the server ended the connection, and drop it."""
        if self._link is not None:
            self.judge.observe(self.connection, Closed(self.number, _now(), code, reason))
            if self.connection.was_refused:
                self.room.note_refusal(f"closed with {code} {reason}".strip())
            self.drop_link()


def _payload_of(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def open_member(
    room: Membership, number: int, user: UserRow, target: Target, read_loop: ReadLoop, source: str | None
) -> LoadMember:
    """Connect a user to a room; the judge learns of it first.

    Raises RefusedError, LocalTroubleError, UsageError or TooLateError.
    """
    session, dialect = Session(room.id, user), target.dialect
    name = dialect.known_beforehand(session)
    opening = Opening(number, _now(), room.id, user.user if name is None else name)
    connection = room.judge.connect(opening, is_named=name is not None)
    if user.columns:
        connection.redact = partial(without_secrets, session=session)
    member = LoadMember(room, number, session, dialect.frames, connection)
    member.open(target, read_loop, source)
    return member

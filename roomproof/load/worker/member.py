"""One connection to a room, and everything that it does and hears, told to the judge."""

import contextlib
import time
from typing import Protocol

import msgspec
from gevent.event import Event
from websocket import ABNF, STATUS_NORMAL, STATUS_PROTOCOL_ERROR

from roomproof.client.target import Target
from roomproof.history import Closed, Closing, Dying, Opened, Opening, Reading, Refused
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.transport.frames import MAX_MESSAGE_BYTES, Frame, FramingError, cut, missing_bytes
from roomproof.load.transport.read_loop import ReadLoop
from roomproof.load.transport.socket import LoadSocket, RefusedError, connect

NO_CODE = 1005
"""What RFC 6455 calls the code of a Close frame that carries none."""

_encode = msgspec.json.Encoder().encode
_now = time.monotonic_ns


class TooLateError(Exception):
    """The handshake took so long that all is being judged already."""


class Membership(Protocol):
    """The room of a member, as far as a member needs it."""

    @property
    def id(self) -> str:
        """The id of the chat."""

    @property
    def judge(self) -> StreamingRoom:
        """The judge of everything that happens in the room."""

    def add(self, member: "LoadMember", source: str | None) -> None:
        """Add a member whose handshake has succeeded, from this source address."""

    def remove(self, member: "LoadMember") -> None:
        """Remove a member whose connection has ended."""

    def note_refusal(self, reason: str) -> None:
        """Keep the reason why the server closed a connection to refuse it."""


class LoadMember:
    """A connection. Nothing of it blocks but `open`, `drain` and waiting for `ended`."""

    __slots__ = (
        "_fragments",
        "_is_closing",
        "_link",
        "_missing_bytes",
        "_partial",
        "connection",
        "ended",
        "instance",
        "judge",
        "number",
        "room",
        "user",
    )

    def __init__(self, room: Membership, number: int, user: str) -> None:
        self.room = room
        self.judge = room.judge
        self.number = number
        self.user = user
        self.connection: StreamingConnection = room.judge.connect(Opening(number, _now(), room.id, user))
        self.instance = ""
        self.ended = Event()
        """Set once the connection has ended."""
        self._link: LoadSocket | None = None
        self._partial: list[bytes] = []
        """The beginning of a frame whose end has not come, as it was read."""
        self._missing_bytes = 0
        """So much of it is still to come, at least."""
        self._fragments: bytearray | None = None
        """The beginning of a message that comes in parts."""
        self._is_closing = False

    def open(self, target: Target, read_loop: ReadLoop, source: str | None) -> None:
        """Shake hands. Raises RefusedError or TooLateError."""
        try:
            link = self._shake_hands(target, read_loop, source)
        except RefusedError as refusal:
            self.judge.observe(self.connection, Refused(self.number, _now(), refusal.status, str(refusal)))
            raise
        except BaseException:
            self.judge.observe(self.connection, Refused(self.number, _now(), None, "given up"))
            raise
        self._link = link
        self.room.add(self, source)
        self.judge.observe(self.connection, Opened(self.number, _now(), self.instance or None))
        link.start_reading(self._receive)

    def _shake_hands(self, target: Target, read_loop: ReadLoop, source: str | None) -> LoadSocket:
        link, self.instance = connect(target, self.room.id, self.user, read_loop, source=source)
        if read_loop.is_closed:
            link.close()
            raise TooLateError
        return link

    @property
    def is_open(self) -> bool:
        """Whether it was opened and, as far as is known, neither side has begun to end it."""
        return self._link is not None and not self._is_closing

    def send_message(self, text: str, meant: int, at: int) -> None:
        """Say something that was meant for a time, or 0 if it was for none. Raises OSError if the link is gone."""
        if self._link is None or self._is_closing:
            raise ConnectionError("the connection has ended")
        content = self.judge.compose(self.connection, text, at, meant)
        self._link.send(_encode({"type": "message", "content": content}))

    @property
    def is_sending(self) -> bool:
        """Whether the server has still to take something that was sent."""
        return self._link is not None and self._link.is_sending

    def drain(self) -> None:
        """Wait until the server has taken all that was said. Raises OSError if the link is gone."""
        if self._link is not None:
            self._link.drain()

    def set_reading(self, reads: bool) -> None:
        """Stop reading, or read on."""
        if not self.is_open or self._link is None or self.connection.reads == reads:
            return
        self.judge.observe(self.connection, Reading(self.number, _now(), reads=reads))
        if reads:
            self._link.start_reading(self._receive)
        else:
            self._link.stop_reading()

    def begin_close(self) -> None:
        """Send Close; what the server sends until it answers is still heard."""
        if self._link is not None and self._link.has_abandoned_send:
            self.disconnect("rst")
        elif self.is_open and self._link is not None:
            self._is_closing = True
            self.judge.observe(self.connection, Closing(self.number, _now(), STATUS_NORMAL))
            self._link.send_close(STATUS_NORMAL)

    def give_up_close(self) -> None:
        """Wait no longer for the answer to Close."""
        self._end(None, "no Close frame came")

    def disconnect(self, how: str) -> None:
        """End the link without a Close frame: `fin` ends it in order, `rst` tears it down."""
        if self.is_open and self._link is not None:
            self.judge.observe(self.connection, Dying(self.number, _now(), how))
            self.drop_link(reset=how == "rst")

    def stop_reading(self) -> None:
        """Hear no more, because everything is to be judged now."""
        if self._link is not None:
            self._link.stop_reading()

    def send_goodbye(self) -> None:
        """Say goodbye after everything has been judged, and hear no more than the end."""
        if self._link is not None:
            if not self._is_closing:
                self._link.send_close(STATUS_NORMAL)
            self._is_closing = True
            self._link.start_reading(lambda data, _: None if data else self.drop_link())

    def drop_link(self, *, reset: bool = False) -> None:
        """End the link, in order or torn down; tell the judge nothing."""
        link, self._link = self._link, None
        if link is not None:
            link.close(reset=reset)
        self.ended.set()
        self.room.remove(self)

    def _receive(self, data: bytes, at: int) -> None:
        if not data:
            self._end(None, "the link ended")
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
                self._break_off(data[position : position + 100], str(error), at)
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
        match frame.opcode:
            case ABNF.OPCODE_TEXT | ABNF.OPCODE_BINARY if self._fragments is not None:
                self._break_off(frame.payload[:100], "a message begins before the parts of another have ended", at)
            case ABNF.OPCODE_TEXT if frame.is_final:
                self.judge.receive(self.connection, frame.payload, at)
            case ABNF.OPCODE_TEXT:
                self._fragments = bytearray(frame.payload)
            case ABNF.OPCODE_PING:
                self._answer(frame.payload, ABNF.OPCODE_PONG)
            case ABNF.OPCODE_PONG:
                pass
            case ABNF.OPCODE_CLOSE:
                self._take_close(frame.payload)
            case ABNF.OPCODE_BINARY if frame.is_final:
                self.judge.receive_malformed(self.connection, frame.payload, "a binary frame", at)
            case ABNF.OPCODE_BINARY:
                self._break_off(frame.payload[:100], "a binary message, in parts", at)
            case ABNF.OPCODE_CONT if self._fragments is not None:
                self._fragments += frame.payload
                if len(self._fragments) > MAX_MESSAGE_BYTES:
                    text = f"a message in parts, of more than {MAX_MESSAGE_BYTES} bytes so far"
                    self._break_off(frame.payload[:100], text, at)
                elif frame.is_final:
                    whole, self._fragments = bytes(self._fragments), None
                    self.judge.receive(self.connection, whole, at)
            case _:
                self._break_off(frame.payload[:100], "a part of a message that has not begun", at)

    def _take_close(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2]) if len(payload) >= 2 else NO_CODE
        if not self._is_closing:
            self._answer(payload[:2], ABNF.OPCODE_CLOSE)
        self._end(code, payload[2:].decode(errors="replace"))

    def _answer(self, payload: bytes, opcode: int) -> None:
        """Answer the server, if it still reads. If not, how it ended the connection is still to be read."""
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.send(payload, opcode)

    def _break_off(self, data: bytes, reason: str, at: int) -> None:
        self.judge.receive_malformed(self.connection, data, reason, at)
        if self._link is not None:
            self._link.send_close(STATUS_PROTOCOL_ERROR)
            self.judge.observe(self.connection, Dying(self.number, at, "fin"))
            self.drop_link()

    def _end(self, code: int | None, reason: str) -> None:
        if self._link is not None:
            self.judge.observe(self.connection, Closed(self.number, _now(), code, reason))
            if self.connection.was_refused:
                self.room.note_refusal(f"closed with {code} {reason}".strip())
            self.drop_link()

"""Compressed messages: permessage-deflate (RFC 7692), as browsers offer it."""

import threading
import zlib

import websocket
from websocket import ABNF
from websocket._abnf import frame_buffer
from websockets.exceptions import InvalidHandshake, PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.headers import parse_extension

from roomproof.client.quiet_close import QuietClose

OFFER = "permessage-deflate; client_max_window_bits"
"""The offer of browsers."""

HEADER = "Sec-WebSocket-Extensions"

INFLATED_BYTES = 2**24
"""Maximum size of a message in bytes once it is decompressed. Anything larger is an attack, and no message."""

WINDOW_BYTES = 2**15
"""Bytes to which compressed data can refer back."""

SMALLEST_WINDOW = ("client_max_window_bits", "8")
"""A parameter that a server may ask for, and that zlib cannot compress with."""

DATA = (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT)


class DeflateError(Exception):
    """The server compresses otherwise than RFC 7692 permits."""


class Deflate:
    """The compression of one connection, in both directions.

    Invariants:

    - Both contexts see the frames in the order in which they travel.
    - `_window` is the end of what was decompressed so far, where the server keeps its context.
    """

    def __init__(self, extension: PerMessageDeflate, *, compresses: bool = True) -> None:
        """Without `compresses` it sends messages as they are, as RFC 7692 permits."""
        self._extension = extension
        self._compresses = compresses
        self._window = b""
        self._inflated_bytes = 0
        """Size of the message that is arriving, as far as it is decompressed."""

    @classmethod
    def agreed(cls, answer: str) -> "Deflate":
        """Return the compression to which a server agreed.

        Raises DeflateError for an answer that RFC 7692 forbids.
        """
        try:
            [(name, parameters)] = parse_extension(answer)
            compresses = SMALLEST_WINDOW not in parameters
            taken = [(key, "9") if (key, value) == SMALLEST_WINDOW else (key, value) for key, value in parameters]
            if name != PerMessageDeflate.name:
                raise DeflateError(f"expected {OFFER!r} to be declined or accepted, got {answer!r}")
            return cls(ClientPerMessageDeflateFactory().process_response_params(taken, []), compresses=compresses)
        except (InvalidHandshake, ValueError) as error:
            raise DeflateError(f"expected an answer to {OFFER!r} as RFC 7692 permits, got {answer!r}") from error

    def deflated(self, opcode: int, payload: bytes, *, fin: bool) -> tuple[bytes, bool]:
        """Return the payload of a frame to send, and whether RSV1 is set."""
        if not self._compresses or opcode not in DATA:
            return payload, False
        frame = self._extension.encode(Frame(Opcode(opcode), payload, fin))
        return bytes(frame.data), frame.rsv1

    def inflated(self, opcode: int, payload: bytes, *, fin: bool, rsv1: bool) -> bytes:
        """Return the payload of a received frame as it was before compression.

        Raises DeflateError if it cannot be decompressed, or is too large then.
        """
        if rsv1 and opcode not in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY):
            raise DeflateError("expected RSV1 only on the first frame of a message, got it on another frame")
        if opcode not in DATA:
            return payload
        if opcode != ABNF.OPCODE_CONT:
            self._inflated_bytes = 0
        try:
            # The library takes 0 for no limit.
            left = max(1, INFLATED_BYTES - self._inflated_bytes)
            data = bytes(self._extension.decode(Frame(Opcode(opcode), payload, fin, rsv1), max_size=left).data)
        except PayloadTooBig as error:
            raise DeflateError(f"expected at most {INFLATED_BYTES} bytes in a message, got more") from error
        except ProtocolError as error:
            raise DeflateError(f"expected a frame compressed as agreed, got one with {error}") from error
        self._inflated_bytes += len(data)
        self._follow(data)
        return data

    def _follow(self, data: bytes) -> None:
        """Keep the context of the server.

        A last block (BFINAL) ends the stream of zlib, but not the context (RFC 7692, section 7.2.3.4).
        """
        if self._extension.remote_no_context_takeover:
            return
        self._window = (self._window + data)[-WINDOW_BYTES:]
        if self._extension.decoder.eof:
            bits = self._extension.remote_max_window_bits
            self._extension.decoder = zlib.decompressobj(-bits, self._window)


class _InflatingBuffer(frame_buffer):
    """Reads frames, and decompresses them once a compression is agreed."""

    deflate: Deflate | None = None
    _rsv1 = False

    def recv_header(self) -> None:
        super().recv_header()
        if self.deflate is not None and self.header is not None:
            fin, rsv1, *rest = self.header
            self._rsv1 = bool(rsv1)
            self.header = (fin, 0, *rest)

    def recv_frame(self) -> ABNF:
        frame = super().recv_frame()
        if self.deflate is not None:
            try:
                payload = _bytes_of(frame)
                frame.data = self.deflate.inflated(frame.opcode, payload, fin=bool(frame.fin), rsv1=self._rsv1)
            except DeflateError as error:
                raise websocket.WebSocketProtocolException(str(error)) from error
        return frame


class DeflatingSocket(QuietClose):
    """A WebSocket that offers compression, and uses it if the server agrees."""

    def __init__(self) -> None:
        super().__init__()
        self.offers = {HEADER: OFFER}
        self._buffer = self.frame_buffer = _InflatingBuffer(self._recv, skip_utf8_validation=True)
        self._compressing = threading.Lock()
        """Held while a frame is compressed and sent, so that both have one order."""

    def agree(self) -> None:
        answer = (self.getheaders() or {}).get(HEADER.lower())
        if answer is None:
            return
        try:
            self._buffer.deflate = Deflate.agreed(answer)
        except DeflateError as error:
            raise websocket.WebSocketException(str(error)) from error
        self.compression = answer

    def send_frame(self, frame: ABNF) -> int:
        """Send a frame, compressed unless it violates RFC 6455 in its head."""
        deflate = self._buffer.deflate
        if deflate is None or not frame.mask_value or frame.rsv1 or frame.rsv2 or frame.rsv3:
            return super().send_frame(frame)
        with self._compressing:
            frame.data, frame.rsv1 = deflate.deflated(frame.opcode, _bytes_of(frame), fin=bool(frame.fin))
            return super().send_frame(frame)


def _bytes_of(frame: ABNF) -> bytes:
    return frame.data.encode() if isinstance(frame.data, str) else frame.data

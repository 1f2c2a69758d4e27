"""Parses WebSocket frames of a server and masks those of a client (RFC 6455, 5.2)."""

import random

import msgspec
from websocket import ABNF

CONTROL = 0x8
"""The first opcode of control frames."""

OPCODES = frozenset(ABNF.OPCODES)

HEAD_BYTES = {126: 4, 127: 10}
"""The length of a frame's head, by its second byte, where the size of the payload does not fit into that byte."""

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""The largest message that is kept. A server that keeps the protocol sends messages of about 64 KiB at most."""


class FramingError(Exception):
    """The bytes are no frame that a server may send; the message says why."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame, and the position at which the next frame begins."""

    opcode: int
    is_final: bool
    payload: bytes
    end: int


def cut(data: bytes, begin: int) -> Frame | None:
    """Return the frame that begins at a position; None if it is incomplete.

    Raises FramingError.
    """
    have = len(data)
    payload = begin + 2
    if payload > have:
        return None
    head, size = data[begin], data[begin + 1]
    opcode = head & 0x0F
    if head & 0x70 or opcode not in OPCODES:
        raise FramingError(f"a frame begins with 0x{head:02x}, which was not negotiated")
    if size & 0x80:
        raise FramingError("a frame of the server is masked")
    if opcode >= CONTROL and (size > 125 or not head & 0x80):
        raise FramingError("a control frame is too long or fragmented")
    if size >= 126:
        payload = begin + HEAD_BYTES[size]
        size = int.from_bytes(data[begin + 2 : payload])
        if size > MAX_MESSAGE_BYTES:
            raise FramingError(f"expected a frame of at most {MAX_MESSAGE_BYTES} bytes, got one of {size} bytes")
    end = payload + size
    if end > have or payload > have:
        return None
    return Frame(opcode, head & 0x80 != 0, data[payload:end], end)


def missing_bytes(data: bytes, begin: int) -> int:
    """Return the least number of bytes that an incomplete frame lacks; at least 1.

    The number is exact once the head of the frame is complete.
    """
    have = len(data) - begin
    if have < 2:
        return 2 - have
    size = data[begin + 1]
    head = HEAD_BYTES.get(size, 2)
    if have < head:
        return head - have
    return head + (size if head == 2 else int.from_bytes(data[begin + 2 : begin + head])) - have


def client_frame(payload: bytes, opcode: int) -> bytes:
    """Return a final frame of a client, masked with a random key."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8)
    key = random.getrandbits(32).to_bytes(4)
    mask = int.from_bytes((key * (size // 4 + 1))[:size])
    return head + key + (int.from_bytes(payload) ^ mask).to_bytes(size)

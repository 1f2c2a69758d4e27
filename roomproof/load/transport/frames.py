"""WebSocket frames (RFC 6455, 5.2): those of a server cut out of what was read, and those of a client masked."""

import random

import msgspec
from websocket import ABNF

CONTROL = 0x8
"""Opcodes from here on are those of control frames."""


OPCODES = frozenset(ABNF.OPCODES)

HEAD_BYTES = {126: 4, 127: 10}
"""By the size in its second byte: how long the head of a frame is whose size does not fit there."""

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""No message of a server that keeps the protocol comes near this, in one frame or in parts: they are of 64 KiB."""


class FramingError(Exception):
    """The bytes are no frame that a server may send; the message says why."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame, and where the next one begins."""

    opcode: int
    is_final: bool
    payload: bytes
    end: int


def cut(data: bytes, begin: int) -> Frame | None:
    """The frame that begins at a position; None if it is not there to its end. Raises FramingError."""
    have = len(data)
    payload = begin + 2
    if payload > have:
        return None
    head, size = data[begin], data[begin + 1]
    opcode = head & 0x0F
    if head & 0x70 or opcode not in OPCODES:
        raise FramingError(f"a frame begins with 0x{head:02x}, which is not agreed upon")
    if size & 0x80:
        raise FramingError("a frame of the server is masked")
    if opcode >= CONTROL and (size > 125 or not head & 0x80):
        raise FramingError("a control frame is too long, or comes in parts")
    if size >= 126:
        payload = begin + HEAD_BYTES[size]
        size = int.from_bytes(data[begin + 2 : payload])
        if size > MAX_MESSAGE_BYTES:
            raise FramingError(f"a frame of {size} bytes, where {MAX_MESSAGE_BYTES} are more than any message takes")
    end = payload + size
    if end > have or payload > have:
        return None
    return Frame(opcode, head & 0x80 != 0, data[payload:end], end)


def missing_bytes(data: bytes, begin: int) -> int:
    """How much is still to come of a frame that is not there to its end, as far as its head says so; at least 1."""
    have = len(data) - begin
    if have < 2:
        return 2 - have
    size = data[begin + 1]
    head = HEAD_BYTES.get(size, 2)
    if have < head:
        return head - have
    return head + (size if head == 2 else int.from_bytes(data[begin + 2 : begin + head])) - have


def client_frame(payload: bytes, opcode: int) -> bytes:
    """A frame of a client."""
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

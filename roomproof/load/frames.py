"""WebSocket frames (RFC 6455, 5.2): those of a server cut out of what was read, and those of a client masked."""

import random
from dataclasses import dataclass

from websocket import ABNF

CONTROL = 0x8
"""Opcodes from here on are those of control frames."""


class FramingError(Exception):
    """The bytes are no frame that a server may send; the message says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, and where the next one begins."""

    opcode: int
    is_final: bool
    payload: bytes
    end: int


def cut(data: bytes, begin: int) -> Frame | None:
    """The frame that begins at a position; None if it is not there to its end. Raises FramingError."""
    have = len(data) - begin
    if have < 2:
        return None
    head, second = data[begin], data[begin + 1]
    opcode = head & 0x0F
    if head & 0x70 or opcode not in ABNF.OPCODES:
        raise FramingError(f"a frame begins with 0x{head:02x}, which is not agreed upon")
    if second & 0x80:
        raise FramingError("a frame of the server is masked")
    size, payload = second, begin + 2
    if size == 126:
        payload = begin + 4
        size = int.from_bytes(data[begin + 2 : payload])
    elif size == 127:
        payload = begin + 10
        size = int.from_bytes(data[begin + 2 : payload])
    if opcode >= CONTROL and (second > 125 or not head & 0x80):
        raise FramingError("a control frame is too long, or comes in parts")
    end = payload + size
    if end > len(data) or payload > len(data):
        return None
    return Frame(opcode, bool(head & 0x80), data[payload:end], end)


def masked(payload: bytes, opcode: int) -> bytes:
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

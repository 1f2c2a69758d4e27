"""Cutting the WebSocket frames of a server out of what was read (RFC 6455, 5.2). Pure."""

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

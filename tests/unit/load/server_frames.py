"""Frames of a server, for tests."""

from websocket import ABNF


def served(payload: bytes, opcode: int = ABNF.OPCODE_TEXT, fin: int = 1) -> bytes:
    """Return a frame of a server, as the library writes it."""
    return ABNF(fin, 0, 0, 0, opcode, 0, payload).format()

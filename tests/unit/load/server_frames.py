"""What a server sends, in tests."""

from websocket import ABNF


def served(payload: bytes, opcode: int = ABNF.OPCODE_TEXT, fin: int = 1) -> bytes:
    """A frame of a server, as the library writes it."""
    return ABNF(fin, 0, 0, 0, opcode, 0, payload).format()

"""The peer on FastAPI with a fault in its compression.

Command: `python -m tests.peers.deflating_server FAULT [OPTIONS]`."""

import itertools
import sys
from collections.abc import Callable
from typing import Any

from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame

from tests.peers import fastapi_server

CORRUPTED_EVERY = 5
"""Number of compressed frames of which one is corrupted."""


def _answer_with(*parameters: tuple[str, str | None]) -> None:
    """Add parameters to the answer to an offer, and do not keep them."""
    original = ServerPerMessageDeflateFactory.process_request_params

    def answering(self: Any, params: Any, accepted_extensions: Any) -> Any:
        answer, extension = original(self, params, accepted_extensions)
        return [*answer, *parameters], extension

    ServerPerMessageDeflateFactory.process_request_params = answering  # type: ignore[method-assign]  # replaced on purpose


def context_kept() -> None:
    """Promise to compress each message by itself, and refer to earlier ones."""
    _answer_with(("server_no_context_takeover", None))


def parameter_of_its_own() -> None:
    """Answer with a parameter that RFC 7692 does not know."""
    _answer_with(("roomproof_context", None))


def corrupted() -> None:
    """Change a byte of some compressed frames."""
    original = PerMessageDeflate.encode
    turns = itertools.count(1)

    def encoding(self: Any, frame: Frame) -> Frame:
        encoded = original(self, frame)
        if encoded.rsv1 and next(turns) % CORRUPTED_EVERY == 0:
            data = bytearray(encoded.data)
            data[len(data) // 2] ^= 0xFF
            encoded.data = bytes(data)
        return encoded

    PerMessageDeflate.encode = encoding  # type: ignore[method-assign]  # likewise


FAULTS: dict[str, Callable[[], None]] = {
    "context kept": context_kept,
    "a parameter of its own": parameter_of_its_own,
    "corrupted": corrupted,
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    sys.argv.append("--deflate")
    fastapi_server.main()

"""The reference server with one planted fault, or a few freedoms.

Command: `python -m tests.faults.server [--translated] NAME [OPTIONS]`."""

import sys
from collections.abc import Callable

from reference_server.__main__ import main
from tests.faults import translated
from tests.faults.catalogue import FAULTS
from tests.faults.fault import count_deliveries
from tests.faults.freedoms import FREEDOMS
from tests.faults.plants import history, participants, tokens

TRANSLATED = "--translated"
"""The first argument with which the server speaks another dialect."""

CLEAN: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "clean": (lambda: None, ()),
    "clean, with history": (history.kept, ("history",)),
    "clean, with tokens": (tokens.take_tokens, participants.DECLARES),
    **FREEDOMS,
}
"""Servers without a fault by name: the function that changes the reference server, and the capabilities added."""

TABLES = {"clean, with tokens": tokens.TABLES}
"""Tables of the target file for those of them that need some."""


def serve() -> int:
    """Plant what the first argument names, then serve; return the exit code."""
    if sys.argv[1:2] == [TRANSLATED]:
        del sys.argv[1]
        translated.plant()
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    plants = {name: plant for name, (plant, _) in CLEAN.items()} | {name: one.plant for name, one in FAULTS.items()}
    if name not in plants:
        raise SystemExit(f"expected one of {', '.join(map(repr, plants))}, got {name!r}")
    plants[name]()
    count_deliveries()
    return main()


if __name__ == "__main__":
    sys.exit(serve())

"""The reference server with one fault: `python -m tests.faults.server NAME [options of the reference server]`."""

import sys

from reference_server.__main__ import main
from tests.faults.catalogue import FAULTS

CLEAN = "clean"
"""The name under which nothing is planted."""


def serve() -> int:
    """Plant the fault that the first argument names, then serve."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name != CLEAN:
        if name not in FAULTS:
            raise SystemExit(f"expected the name of a fault ({', '.join(FAULTS)}) or {CLEAN!r}, got {name!r}")
        FAULTS[name].plant()
    return main()


if __name__ == "__main__":
    sys.exit(serve())

"""The reference server with one fault, or a few freedoms: `python -m tests.faults.server NAME [its own options]`."""

import sys

from reference_server.__main__ import main
from tests.faults.catalogue import FAULTS
from tests.faults.freedoms import FREEDOMS

CLEAN = "clean"
"""The name under which nothing is planted."""


def serve() -> int:
    """Plant the fault that the first argument names, then serve."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    plants = {fault: one.plant for fault, one in FAULTS.items()} | FREEDOMS
    if name != CLEAN:
        if name not in plants:
            raise SystemExit(
                f"expected the name of a fault or freedom ({', '.join(plants)}) or {CLEAN!r}, got {name!r}"
            )
        plants[name]()
    return main()


if __name__ == "__main__":
    sys.exit(serve())

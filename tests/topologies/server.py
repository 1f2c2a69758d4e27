"""The reference server with a fault of a topology: `python -m tests.topologies.server NAME [its options]`."""

import sys

from reference_server.__main__ import main
from tests.topologies.catalogue import TOPOLOGY_FAULTS


def serve() -> int:
    """Plant the fault that the first argument names, then serve."""
    plant = TOPOLOGY_FAULTS[sys.argv.pop(1)].in_server
    assert plant is not None, "this fault is none of the instances"
    plant()
    return main()


if __name__ == "__main__":
    sys.exit(serve())

"""The reference server with a planted fault of a topology.

`python -m tests.topologies.server NAME [OPTIONS OF THE SERVER]` starts it.
"""

import sys

from reference_server.__main__ import main
from tests.topologies.catalogue import TOPOLOGY_FAULTS


def serve() -> int:
    """Plant the fault that the first argument names, then serve; return the exit code."""
    plant = TOPOLOGY_FAULTS[sys.argv.pop(1)].in_server
    assert plant is not None, "expected a fault of the instances, got a fault of the front"
    plant()
    return main()


if __name__ == "__main__":
    sys.exit(serve())

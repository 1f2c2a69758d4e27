"""A pytest plugin that plants a fault in every topology that the run starts.

The variable ROOMPROOF_PLANTED names the fault.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from roomproof.dialects.affinity import Affinity
from roomproof.topologies import front, instance, local
from tests.topologies.catalogue import TOPOLOGY_FAULTS
from tests.topologies.fault import VARIABLE

fault = TOPOLOGY_FAULTS[os.environ[VARIABLE]]

if fault.in_server is not None:
    instance.SERVER = (sys.executable, "-m", "tests.topologies.server", fault.name)
if fault.bus:
    local.PLANS[fault.topology] = replace(local.PLANS[fault.topology], bus=True)
if fault.in_front is not None:
    change, write = fault.in_front, front.write_configuration

    def write_with_fault(folder: Path, port: int, upstreams: Sequence[str], affinity: Affinity) -> None:
        """Write the configuration, then plant the fault."""
        write(folder, port, upstreams, affinity)
        for name in (front.CONFIGURATION, "affinity.conf", "upstreams.conf"):
            (folder / name).write_text(change((folder / name).read_text()))

    front.write_configuration = write_with_fault

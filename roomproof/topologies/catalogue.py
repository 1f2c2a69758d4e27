"""All topologies by the names that the command line gives them."""

from pathlib import Path

from roomproof.protocol import Capability
from roomproof.target import UsageError
from roomproof.topologies.local import PLANS, LocalTopology
from roomproof.topologies.topology import Handle, Store, Topology

NAMES = tuple(PLANS)

LOG_LINES = 40
"""So many lines of each log are shown at most."""


def capabilities_of(name: str) -> dict[Capability, float | None]:
    """What a topology declares. Raises UsageError for a name that there is not."""
    if name not in PLANS:
        raise UsageError(f"expected a topology ({', '.join(NAMES)}), got {name!r}")
    return PLANS[name].capabilities


def start(name: str, *, deadline: float, breakable: bool = False, store: Store = "sqlite") -> Topology:
    """Start a topology. With `breakable`, its links can be cut.

    Raises UsageError, TopologyError, and Inapplicable where it cannot be had with this store.
    """
    capabilities_of(name)
    return LocalTopology(name, deadline=deadline, breakable=breakable, store=store)


def logs(handle: Handle, words: set[str]) -> dict[str, list[str]]:
    """The last lines of the log of each part, of those that hold one of these words, or that tell of trouble."""
    wanted = {*words, "WARNING", "ERROR", "error", "stopping"}
    found: dict[str, list[str]] = {}
    for log in sorted(Path(handle.where).glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()
        found[log.stem] = [line for line in lines if any(word in line for word in wanted)][-LOG_LINES:]
    return {name: lines for name, lines in found.items() if lines}

"""All topologies by their names on the command line."""

from pathlib import Path

from roomproof.client.target import UsageError
from roomproof.dialects.affinity import ADDRESS, Affinity
from roomproof.spec.rules import Capability
from roomproof.topologies.front import AFFINITIES
from roomproof.topologies.local import PLANS, LocalTopology
from roomproof.topologies.topology import Store, Topology, TopologyHandle

COMPOSE = "compose:"
"""Prefix of topologies in containers; the name of a local topology follows."""

NAMES = (*PLANS, "compose:sticky", "compose:pubsub")

LOG_LINES = 40
"""Maximum number of lines shown of each log."""


def capabilities_of(name: str) -> dict[Capability, float | None]:
    """The capabilities that a topology declares.

    Raises UsageError for an unknown name.
    """
    if name not in NAMES:
        raise UsageError(f"expected a topology ({', '.join(NAMES)}), got {name!r}")
    return PLANS[name.removeprefix(COMPOSE)].capabilities


def affinity_of(name: str, kind: str | None) -> Affinity:
    """The affinity of a topology, of the kind that the user wants; None for any.

    Raises UsageError if the topology has no front with this kind.
    """
    known = {str(one.kind): one for one in AFFINITIES}
    if kind is None:
        return ADDRESS
    if kind not in known:
        raise UsageError(f"expected an affinity ({', '.join(known)}), got {kind!r}")
    if name.startswith(COMPOSE) or not PLANS[name].front:
        fronted = ", ".join(one for one, plan in PLANS.items() if plan.front)
        raise UsageError(f"expected --affinity with a topology whose front can be told ({fronted}), got {name}")
    return known[kind]


def start(
    name: str, *, deadline: float, breakable: bool = False, store: Store = "sqlite", affinity: str | None = None
) -> Topology:
    """Start a topology. With `breakable`, its links can be cut.

    `affinity` is the kind that its front has.
    Raises UsageError, TopologyError, and Inapplicable if it cannot be had with this store.
    """
    capabilities = capabilities_of(name)
    if name.startswith(COMPOSE):
        from roomproof.topologies.compose import ComposeTopology  # importing the docker package takes long

        # A breakable topology starts after that of the whole run, which has built the images.
        return ComposeTopology.start(name, capabilities, deadline=deadline, builds=not breakable)
    chosen = affinity_of(name, affinity)
    return LocalTopology.start(name, deadline=deadline, breakable=breakable, store=store, affinity=chosen)


def logs(handle: TopologyHandle, words: set[str]) -> dict[str, list[str]]:
    """The last lines of each log that hold one of these words, or tell of trouble."""
    wanted = {*words, "WARNING", "ERROR", "error", "stopping"}
    found = {
        name: [line for line in lines if any(word in line for word in wanted)][-LOG_LINES:]
        for name, lines in _all_logs(handle).items()
    }
    return {name: lines for name, lines in found.items() if lines}


def _all_logs(handle: TopologyHandle) -> dict[str, list[str]]:
    if handle.kind.startswith(COMPOSE):
        from roomproof.topologies import compose

        return compose.logs(handle.where)
    files = sorted(Path(handle.where).glob("*.log"))
    return {file.stem: file.read_text(errors="replace").splitlines() for file in files}

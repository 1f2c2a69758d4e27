"""A fault planted in a topology: in its front or in its instances."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopologyFault:
    """A fault that only a topology of several instances can have."""

    name: str
    topology: str
    breaks: str
    text: str
    found_by: tuple[str, ...]
    """The scenarios that have to find the fault, as arguments of `roomproof verify`."""
    in_front: Callable[[str], str] | None = None
    """Changes the text of nginx.conf, then that of upstreams.conf."""
    in_server: Callable[[], None] | None = None
    """Changes the classes of the reference server, in the process of an instance."""
    affinity: str = "address"
    """The kind of affinity of the front, as for --affinity."""
    bus: bool = False
    """Whether the fault needs a bus in a topology without one."""


VARIABLE = "ROOMPROOF_PLANTED"
"""The environment variable that names the fault to the processes of a run."""

TOPOLOGY_FAULTS: dict[str, TopologyFault] = {}
"""All faults by name."""


def front_fault(
    name: str, *, topology: str, breaks: str, found_by: tuple[str, ...], affinity: str = "address"
) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register a fault of the front; the docstring of its function is its text."""

    def register(plant: Callable[[str], str]) -> Callable[[str], str]:
        _add(TopologyFault(name, topology, breaks, _text(plant.__doc__), found_by, in_front=plant, affinity=affinity))
        return plant

    return register


def server_fault(
    name: str, *, topology: str, breaks: str, found_by: tuple[str, ...], bus: bool = False
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a fault of the instances; the docstring of its function is its text."""

    def register(plant: Callable[[], None]) -> Callable[[], None]:
        _add(TopologyFault(name, topology, breaks, _text(plant.__doc__), found_by, in_server=plant, bus=bus))
        return plant

    return register


def _add(fault: TopologyFault) -> None:
    assert fault.name not in TOPOLOGY_FAULTS, f"expected a new name, got a second fault {fault.name!r}"
    TOPOLOGY_FAULTS[fault.name] = fault


def _text(docstring: str | None) -> str:
    assert docstring, "expected a docstring that says what the fault does, got none"
    return " ".join(docstring.split())

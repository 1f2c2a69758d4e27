"""A fault planted in a topology: in the configuration of its front, or in its instances."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopologyFault:
    """A fault that only several instances can have."""

    name: str
    topology: str
    breaks: str
    text: str
    found_by: tuple[str, ...]
    """The scenarios that have to find it, as arguments of `roomproof verify`."""
    in_front: Callable[[str], str] | None = None
    """Changes the text of nginx.conf and of upstreams.conf, each in turn."""
    in_server: Callable[[], None] | None = None
    """Changes the classes of the reference server, in a process of its own, for good."""
    bus: bool = False
    """It needs a bus between instances of a topology that has none."""


VARIABLE = "ROOMPROOF_PLANTED"
"""It names the fault to the processes of a run."""

TOPOLOGY_FAULTS: dict[str, TopologyFault] = {}
"""All of them by name."""


def front_fault(
    name: str, *, topology: str, breaks: str, found_by: tuple[str, ...]
) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register a fault of the front; the docstring of the function that plants it says what it does."""

    def register(plant: Callable[[str], str]) -> Callable[[str], str]:
        _add(TopologyFault(name, topology, breaks, _text(plant.__doc__), found_by, in_front=plant))
        return plant

    return register


def server_fault(
    name: str, *, topology: str, breaks: str, found_by: tuple[str, ...], bus: bool = False
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a fault of the instances; the docstring of the function that plants it says what it does."""

    def register(plant: Callable[[], None]) -> Callable[[], None]:
        _add(TopologyFault(name, topology, breaks, _text(plant.__doc__), found_by, in_server=plant, bus=bus))
        return plant

    return register


def _add(fault: TopologyFault) -> None:
    assert fault.name not in TOPOLOGY_FAULTS, f"two faults are called {fault.name!r}"
    TOPOLOGY_FAULTS[fault.name] = fault


def _text(docstring: str | None) -> str:
    assert docstring, "a fault says what it does"
    return " ".join(docstring.split())

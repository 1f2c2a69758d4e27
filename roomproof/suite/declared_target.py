"""The name and the declared properties of the target, known before any contact."""

from dataclasses import dataclass

import pytest

from roomproof.client.target import Target
from roomproof.report.capabilities import capability_names
from roomproof.spec.rules import Capability, Need
from roomproof.topologies import catalogue
from roomproof.topologies.embedded import embedded_capabilities

EMBEDDED = "embedded reference server"


@dataclass(frozen=True, slots=True)
class DeclaredTarget:
    """The target that the command line declares, even if Roomproof starts it later."""

    name: str
    capabilities: dict[Capability, float | None]
    has_several_clients: bool
    can_break: bool
    """Whether Roomproof can break parts of the target: only of what it started itself."""
    without: frozenset[Need] = frozenset()
    """Things that PROTOCOL.md presumes and the service lacks."""
    dialect: str = "native"
    """The name of its dialect."""

    @property
    def capability_names(self) -> list[str]:
        """The declared capabilities as the user writes them."""
        return capability_names(self.capabilities)


def declared_target(config: pytest.Config, target: Target | None) -> DeclaredTarget:
    """Return the target as the command line declares it.

    `target` is the one of `--target`, if given.
    """
    if target is not None:
        return DeclaredTarget(
            target.url,
            target.capabilities,
            len(target.clients) > 1 or target.is_steered,
            can_break=False,
            without=target.dialect.without,
            dialect=target.dialect.name,
        )
    topology = config.option.roomproof_topology
    if topology is None:
        return DeclaredTarget(EMBEDDED, embedded_capabilities(), has_several_clients=False, can_break=False)
    capabilities = catalogue.capabilities_of(topology)
    has_instances = Capability.STICKY in capabilities or Capability.PUBSUB in capabilities
    return DeclaredTarget(f"topology {topology}", capabilities, has_instances, can_break=has_instances)

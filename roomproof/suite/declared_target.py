"""What is known of the ground before it is there: what applies to it, and what it is called."""

from dataclasses import dataclass

import pytest

from roomproof.client.target import Target
from roomproof.report.capabilities import capability_names
from roomproof.spec.rules import Capability
from roomproof.topologies import catalogue
from roomproof.topologies.embedded import embedded_capabilities

EMBEDDED = "embedded reference server"


@dataclass(frozen=True, slots=True)
class DeclaredTarget:
    """What the command line says of what is tested."""

    name: str
    capabilities: dict[Capability, float | None]
    has_several_addresses: bool
    can_break: bool
    """Whether Roomproof can break parts of it, which it does only to what it started itself."""

    @property
    def capability_names(self) -> list[str]:
        """The declared capabilities as the user writes them."""
        return capability_names(self.capabilities)


def describe_target(config: pytest.Config, target: Target | None) -> DeclaredTarget:
    """What the command line says; `target` is the one that it names, if it does."""
    if target is not None:
        return DeclaredTarget(target.url, target.capabilities, len(target.addresses) > 1, can_break=False)
    topology = config.option.topology
    if topology is None:
        return DeclaredTarget(EMBEDDED, embedded_capabilities(), has_several_addresses=False, can_break=False)
    capabilities = catalogue.capabilities_of(topology)
    has_instances = Capability.STICKY in capabilities or Capability.PUBSUB in capabilities
    return DeclaredTarget(f"topology {topology}", capabilities, has_instances, can_break=has_instances)

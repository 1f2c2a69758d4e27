"""The pytest plugin that starts the topology of `--topology`, once for a run."""

from typing import Any

import pytest

from roomproof.client.target import Target
from roomproof.topologies import catalogue
from roomproof.topologies.topology import TopologyHandle, decode_handle, encode_handle

TOPOLOGY_KEY = pytest.StashKey[TopologyHandle]()
"""The key under which the configuration, or the item of a scenario, keeps the topology that was started for it."""

WORKER_INPUT = "roomproof_topology"
"""The key under which a worker of xdist receives the topology."""


class TopologyPlugin:
    """The plugin of the controlling process. All workers share its topology."""

    def __init__(self, config: pytest.Config, name: str) -> None:
        self._name = name
        self._config = config
        self._handle: TopologyHandle | None = None

    def start(self) -> Target:
        """Start the topology, which ends with the run, and return it as a target.

        Raises TopologyError.
        """
        option = self._config.option
        affinity = option.roomproof_affinity
        topology = catalogue.start(self._name, deadline=option.roomproof_deadline, affinity=affinity)
        self._config.add_cleanup(topology.close)
        self._handle = self._config.stash[TOPOLOGY_KEY] = topology.handle
        return topology.handle.target

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the topology to a worker of xdist."""
        node.workerinput[WORKER_INPUT] = encode_handle(self._handle)


def receive_topology(config: pytest.Config) -> None:
    """In a worker of xdist, store the topology that the controlling process started."""
    encoded = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    if encoded is not None:
        config.stash[TOPOLOGY_KEY] = decode_handle(encoded)

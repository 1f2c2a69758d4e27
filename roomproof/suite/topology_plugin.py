"""Starts the topology that the command line asks for, once for the whole run, and tells the workers where it is."""

from typing import Any

import msgspec
import pytest

from roomproof.client.target import Target
from roomproof.topologies import catalogue
from roomproof.topologies.topology import Handle

HANDLE = pytest.StashKey[Handle]()
"""The topology that Roomproof started for this run, if it did."""

WORKER_INPUT = "roomproof_topology"


class TopologyPlugin:
    """The plugin of the controlling process. All workers share one topology, and are tenants of each other."""

    def __init__(self, config: pytest.Config, name: str) -> None:
        self.name = name
        self._config = config
        self._handle: Handle | None = None

    def start(self) -> Target:
        """Start the topology; it ends with the run. Raises TopologyError."""
        topology = catalogue.start(self.name, deadline=self._config.option.deadline)
        self._config.add_cleanup(topology.close)
        self._handle = self._config.stash[HANDLE] = topology.handle
        return topology.handle.target

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist."""
        node.workerinput[WORKER_INPUT] = msgspec.json.encode(self._handle).decode()


def take_handle(config: pytest.Config) -> None:
    """In a worker of xdist: take over what the controlling process started."""
    told = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    if told is not None:
        config.stash[HANDLE] = msgspec.json.decode(told, type=Handle)

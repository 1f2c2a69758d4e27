"""Containers that Compose started, and how they are broken and mended."""

import time
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.models.networks import Network

from roomproof.topologies.topology import TopologyError

START_SECONDS = 60.0
STOP_SECONDS = 10
POLL_SECONDS = 0.05

SERVICE_PORT = 8000

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
"""The labels that Compose gives to containers."""

BUS_NETWORK = "bus"
"""The network on which the instances find Redis."""

FRONT_NETWORK = "default"
"""The network on which the front finds the instances."""


class Engine:
    """The Docker engine of this machine."""

    def __init__(self) -> None:
        """Raises TopologyError where none answers."""
        try:
            self._client = docker.from_env()
            self._client.ping()
        except DockerException as error:
            hint = "apt-get install docker.io docker-compose"
            raise TopologyError(f"this topology needs a Docker engine, and none answers ({hint}): {error}") from error

    def containers(self, project: str, service: str | None = None) -> list[Container]:
        """All containers of a project, or of a service, in the order of their numbers."""
        labels = [f"{PROJECT}={project}"]
        labels += [f"{SERVICE}={service}"] if service else []
        found = self._client.containers.list(all=True, filters={"label": labels})
        return sorted(found, key=lambda one: (one.labels[SERVICE], int(one.labels[NUMBER])))

    def projects(self, prefix: str) -> list[Container]:
        """All containers of the projects whose names begin so."""
        found = self._client.containers.list(all=True, filters={"label": PROJECT})
        return [one for one in found if one.labels[PROJECT].startswith(prefix)]

    def container(self, project: str, service: str) -> Container:
        """The only container of a service. Raises TopologyError if there is another number of them."""
        found = self.containers(project, service)
        if len(found) != 1:
            raise TopologyError(f"expected one container of {service}, got {len(found)}")
        return found[0]

    def network(self, project: str, name: str) -> Network:
        """A network of a project."""
        labels = [f"{PROJECT}={project}", f"com.docker.compose.network={name}"]
        (found,) = self._client.networks.list(filters={"label": labels})
        return found

    def close(self) -> None:
        """Give up the connection with it."""
        self._client.close()


def name_of(container: Container) -> str:
    """The service and the number of a container, which its log goes by."""
    return f"{container.labels[SERVICE]}-{container.labels[NUMBER]}"


class NetworkLink:
    """What connects a container with a network. Cut or stalled, it is out of that network: nobody is told."""

    def __init__(self, network: Network, container: Container) -> None:
        self._network = network
        self._container = container

    def cut(self) -> None:
        """Nothing passes any more, and its peers are no longer found."""
        self._network.disconnect(self._container)

    def stall(self) -> None:
        """The same: a network that is gone tells nobody."""
        self.cut()

    def mend(self) -> None:
        """Connect it again, under the name of its service."""
        self._network.connect(self._container, aliases=[self._container.labels[SERVICE]])


class StoreLink:
    """What connects the instances with the store: cut, the store is out of their network; stalled, it stands still."""

    def __init__(self, network: Network, container: Container) -> None:
        self._link = NetworkLink(network, container)
        self._container = container
        self._is_paused = False

    def cut(self) -> None:
        """The store is no longer found."""
        self._link.cut()

    def stall(self) -> None:
        """The store is found, and does not answer."""
        self._container.pause()
        self._is_paused = True

    def mend(self) -> None:
        """The store is there again."""
        if self._is_paused:
            self._container.unpause()
            self._is_paused = False
        else:
            self._link.mend()


class Service:
    """A container that can be broken: an instance, or the bus."""

    def __init__(self, container: Container, *, bus: NetworkLink | None = None) -> None:
        self._container = container
        self.bus = bus
        self.name = name_of(container)
        self._address = self._read_address()

    def _read_address(self) -> str:
        self._container.reload()
        networks: dict[str, Any] = self._container.attrs["NetworkSettings"]["Networks"]
        own = [entry for name, entry in networks.items() if name.endswith(f"_{FRONT_NETWORK}")]
        return str(own[0]["IPAddress"]) if own else ""

    @property
    def upstream(self) -> str:
        """What X-Upstream says of it."""
        return f"{self._address}:{SERVICE_PORT}"

    def kill(self) -> None:
        """End it at once."""
        self._container.kill()
        self._container.wait(timeout=STOP_SECONDS)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._container.stop(timeout=STOP_SECONDS)

    def start(self) -> None:
        """Start it again, and wait until it is healthy. Its address may be another. Raises TopologyError."""
        try:
            self._container.start()
        except APIError as error:
            raise TopologyError(f"{self.name} does not start: {error.explanation}") from error
        self.await_health()
        self._address = self._read_address()

    def await_health(self) -> None:
        """Wait until its health check passes. Raises TopologyError if it does not."""
        deadline = time.monotonic() + START_SECONDS
        while self._container.health != "healthy":
            if time.monotonic() > deadline:
                raise TopologyError(f"{self.name} is {self._container.health} after {START_SECONDS:g} s")
            time.sleep(POLL_SECONDS)
            self._container.reload()

    def pause(self) -> None:
        """Make it stand still."""
        self._container.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._container.unpause()

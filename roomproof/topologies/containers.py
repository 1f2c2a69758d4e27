"""Containers that Compose started, and the ways to break and mend them."""

import re
import time
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.models.networks import Network

from roomproof.topologies.topology import TopologyError

START_SECONDS = 60.0
"""Maximum time until a container is healthy, in seconds."""

STOP_SECONDS = 10
"""Maximum time until a container has ended, in seconds."""

POLL_SECONDS = 0.05
"""Seconds between two looks at a container."""

SERVICE_PORT = 8000
"""The port of the service in its container."""

PROJECT = "com.docker.compose.project"
"""The label with the project of a container."""

SERVICE = "com.docker.compose.service"
"""The label with the service of a container."""

NUMBER = "com.docker.compose.container-number"
"""The label with the number of a container of its service."""

BUS_NETWORK = "bus"
"""The network on which the instances find Redis."""

FRONT_NETWORK = "default"
"""The network on which the front finds the instances."""


class Engine:
    """The Docker engine of this machine."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> "Engine":
        """Connect with the engine of this machine. Raises TopologyError if none answers."""
        try:
            client = docker.from_env()
            client.ping()
        except DockerException as error:
            hint = "apt-get install docker.io docker-compose"
            raise TopologyError(f"this topology needs a Docker engine, and none answers ({hint}): {error}") from error
        return cls(client)

    def containers(self, project: str, service: str | None = None) -> list[Container]:
        """All containers of a project or of one of its services, in order."""
        labels = [f"{PROJECT}={project}"]
        labels += [f"{SERVICE}={service}"] if service else []
        found = self._client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
        return sorted(found, key=lambda one: (one.labels[SERVICE], int(one.labels[NUMBER])))

    def projects(self, prefix: str) -> list[Container]:
        """All containers of the projects whose names have this prefix."""
        found = self._client.containers.list(all=True, filters={"label": PROJECT}, ignore_removed=True)
        return [one for one in found if one.labels[PROJECT].startswith(prefix)]

    def container(self, project: str, service: str) -> Container:
        """The only container of a service.

        Raises TopologyError unless there is exactly one.
        """
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
        """Close the connection with the engine."""
        self._client.close()


def name_of(container: Container) -> str:
    """The service and the number of a container, which name its log."""
    return f"{container.labels[SERVICE]}-{container.labels[NUMBER]}"


def _address_of(container: Container) -> str:
    """The address at which the front finds a container; empty without one."""
    container.reload()
    networks: dict[str, Any] = container.attrs["NetworkSettings"]["Networks"]
    own = [entry for name, entry in networks.items() if name.endswith(f"_{FRONT_NETWORK}")]
    return str(own[0]["IPAddress"]) if own else ""


class NetworkLink:
    """The link of a container with a network.

    Without it nobody there finds the container.
    """

    def __init__(self, network: Network, container: Container) -> None:
        self._network = network
        self._container = container

    def address(self) -> str:
        """The address of the container on this network."""
        self._container.reload()
        return str(self._container.attrs["NetworkSettings"]["Networks"][self._network.name]["IPAddress"])

    def disconnect(self) -> None:
        """Take the container off the network."""
        self._network.disconnect(self._container)

    def connect(self) -> None:
        """Put the container on the network again, under the name of its service."""
        self._network.connect(self._container, aliases=[self._container.labels[SERVICE]])


class BusLink:
    """The link of an instance with Redis."""

    def __init__(self, network: Network, instance: Container, redis: Container) -> None:
        self._link = NetworkLink(network, instance)
        self._instance = instance
        self._redis = redis

    def cut(self) -> None:
        """End the connections of the instance, and let it find Redis gone.

        The instance is paused meanwhile, so that it cannot connect again in between.
        """
        self._instance.pause()
        try:
            clients = self._redis.exec_run(["redis-cli", "CLIENT", "LIST"]).output.decode()
            for client in re.findall(rf"\baddr=({re.escape(self._link.address())}:\d+)", clients):
                self._redis.exec_run(["redis-cli", "CLIENT", "KILL", client])
            self._link.disconnect()
        finally:
            self._instance.unpause()

    def stall(self) -> None:
        """Carry nothing any more, and tell nobody."""
        self._link.disconnect()

    def mend(self) -> None:
        """Connect the container again."""
        self._link.connect()


class StoreLink:
    """The link of all instances with the store."""

    def __init__(self, network: Network, store: Container) -> None:
        self._link = NetworkLink(network, store)
        self._store = store
        self._is_frozen = False

    def cut(self) -> None:
        """Let nobody find the store any more."""
        self._link.disconnect()

    def stall(self) -> None:
        """Let the store be found, and answer nothing."""
        self._store.pause()
        self._is_frozen = True

    def mend(self) -> None:
        """Let the store be found and answer again."""
        if self._is_frozen:
            self._store.unpause()
            self._is_frozen = False
        else:
            self._link.connect()


class ServiceContainer:
    """A container that can be broken: an instance, or the bus between instances."""

    def __init__(self, container: Container, address: str, *, bus: BusLink | None = None) -> None:
        self._container = container
        self._address = address
        self.bus = bus
        self.name = name_of(container)

    @classmethod
    def inspect(cls, container: Container, *, bus: BusLink | None = None) -> "ServiceContainer":
        """Take over a container that runs, at its present address."""
        return cls(container, _address_of(container), bus=bus)

    @property
    def upstream(self) -> str:
        """The name of the container in X-Upstream."""
        return f"{self._address}:{SERVICE_PORT}"

    def kill(self) -> None:
        """Kill the container, as a crash does."""
        self._container.kill()
        self._container.wait(timeout=STOP_SECONDS)

    def stop(self) -> None:
        """Ask the container to end, and wait until it has ended."""
        self._container.stop(timeout=STOP_SECONDS)

    def start(self) -> None:
        """Start the container again, and wait until it is healthy.

        Its address can change by that. Raises TopologyError if it does not become healthy.
        """
        try:
            self._container.start()
        except APIError as error:
            raise TopologyError(f"{self.name} does not start: {error.explanation}") from error
        self.await_health()
        self._address = _address_of(self._container)

    def await_health(self) -> None:
        """Wait until the health check of the container passes. Raises TopologyError."""
        deadline = time.monotonic() + START_SECONDS
        self._container.reload()  # its known state is from before it ended
        while self._container.health != "healthy":
            if time.monotonic() > deadline:
                raise TopologyError(
                    f"expected {self.name} to be healthy within {START_SECONDS:g} s, got {self._container.health}"
                )
            time.sleep(POLL_SECONDS)
            self._container.reload()

    def pause(self) -> None:
        """Pause the container, so that it neither answers nor ends."""
        self._container.pause()

    def resume(self) -> None:
        """Continue the container."""
        self._container.unpause()

"""The stack of docker-compose.yml as a topology, in a project of its own."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from docker.models.containers import Container

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.spec.rules import Capability
from roomproof.topologies.containers import (
    BUS_NETWORK,
    FRONT_NETWORK,
    BusLink,
    Engine,
    ServiceContainer,
    StoreLink,
    name_of,
)
from roomproof.topologies.topology import TopologyError, TopologyHandle

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"

ADDRESSES = tuple(f"10.1.{number}.1" for number in range(1, 9))
"""Client addresses for X-Forwarded-For, which nginx believes from the bridge."""

HEARTBEAT_SECONDS = "3"
BROADCAST = "redis://redis:6379"

BUILD_SECONDS = 900.0
"""Maximum time to build the images, in seconds."""

UP_SECONDS = 120.0
"""Maximum time until the stack serves, in seconds."""

DOWN_SECONDS = 60.0
"""Maximum time to take the stack down, in seconds."""

POLL_SECONDS = 0.05
"""Seconds between two looks at the stack."""

DOWN = ("down", "--volumes", "--timeout", "1")
"""The command that takes a project down."""


def command_line() -> list[str]:
    """The command that runs Compose. Raises TopologyError if it is missing."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    if path := shutil.which("docker-compose"):
        return [path]
    raise TopologyError("this topology needs Docker Compose, which is not installed: apt-get install docker-compose")


class Project:
    """A project of Compose.

    If this process is killed, a watchman takes the project down once no command runs any more. A command that still
    starts containers would leave some behind.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        watchman: "subprocess.Popen[bytes]",
        lifeline: int,
    ) -> None:
        """Take over a project; its watchman waits until no process holds the lifeline."""
        self.name = name
        self._command = command
        self._environment = environment
        self._watchman = watchman
        self._lifeline = lifeline

    @classmethod
    def open(cls, *, broadcast: str) -> "Project":
        """Open an empty project.

        Raises TopologyError without Compose or without a checkout.
        """
        if not FILE.is_file():
            raise TopologyError(f"this topology needs a checkout of Roomproof: there is no {FILE}")
        name = f"roomproof-topology-{uuid4().hex[:12]}"
        command = [*command_line(), "-p", name, "-f", str(FILE)]
        environment = {
            **os.environ,
            "HTTP_PORT": "0",  # a free one
            "HEARTBEAT": HEARTBEAT_SECONDS,
            "BROADCAST": broadcast,
            "COMPOSE_PROFILES": "pubsub" if broadcast else "",
        }
        # The watchman reads until no process holds the other end of the pipe: this one and its commands have ended.
        end, lifeline = os.pipe()
        watchman = subprocess.Popen(
            ["sh", "-c", 'read -r _ || exec "$@"', "watchman", *command, *DOWN],
            env=environment,
            stdin=end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(end)
        return cls(name, command, environment, watchman, lifeline)

    def run(self, *words: str, within: float) -> None:
        """Run a command of Compose.

        Raises TopologyError, with the end of its output, if it fails.
        """
        try:
            done = subprocess.run(
                [*self._command, *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=within,
                check=False,
                start_new_session=True,  # keys pressed are for this process, not for Compose
                pass_fds=(self._lifeline,),
            )
        except subprocess.TimeoutExpired as error:
            raise TopologyError(
                f"expected `docker-compose {words[0]}` to end within {within:g} s, it still runs"
            ) from error
        if done.returncode:
            output = " | ".join(line for line in done.stdout.splitlines() if line.strip())[-1000:]
            raise TopologyError(f"`docker-compose {words[0]}` failed: {output}")

    def close(self) -> None:
        """Take the project down, volumes included."""
        with contextlib.suppress(TopologyError):
            self.run(*DOWN, within=DOWN_SECONDS)
            os.write(self._lifeline, b"\n")
            self._watchman.wait()
        os.close(self._lifeline)  # if that failed, the watchman tries again


class ComposeTopology:
    """nginx, two instances, DynamoDB Local and, for `compose:pubsub`, Redis."""

    def __init__(
        self,
        handle: TopologyHandle,
        front: Container,
        instances: Sequence[ServiceContainer],
        closing: contextlib.ExitStack,
        *,
        store: StoreLink,
        bus: ServiceContainer | None = None,
    ) -> None:
        """Take over containers that run; `closing` ends them."""
        self.handle = handle
        self.instances = instances
        self.bus = bus
        self.store = store
        self._front = front
        self._closing = closing

    @classmethod
    def start(
        cls, kind: str, capabilities: dict[Capability, float | None], *, deadline: float, builds: bool
    ) -> "ComposeTopology":
        """Start the stack, after building the images with `builds`. Raises TopologyError."""
        is_pubsub = Capability.PUBSUB in capabilities
        with contextlib.ExitStack() as closing:
            engine = closing.enter_context(contextlib.closing(Engine.connect()))
            project = closing.enter_context(contextlib.closing(Project.open(broadcast=BROADCAST if is_pubsub else "")))
            if builds:
                project.run("build", "nginx", "chat-service", within=BUILD_SECONDS)
            project.run("up", "--detach", "--no-build", within=UP_SECONDS)
            front = engine.container(project.name, "nginx")
            redis = engine.container(project.name, "redis") if is_pubsub else None
            instances = _services(engine, project.name, redis)
            bus = ServiceContainer.inspect(redis) if redis else None
            if bus:
                bus.await_health()
            dynamodb = engine.container(project.name, "dynamodb")
            target = Target(
                f"http://127.0.0.1:{published_port(front)}",
                capabilities,
                forwarded_addresses=ADDRESSES,
                exclusive=True,
                deadline=deadline,
            )
            _await_instances(target, {one.upstream for one in instances})
            store = StoreLink(engine.network(project.name, FRONT_NETWORK), dynamodb)
            handle = TopologyHandle(kind, project.name, target)
            return cls(handle, front, instances, closing.pop_all(), store=store, bus=bus)

    def reload_front(self) -> None:
        """Make nginx read its configuration again, and wait until the old workers leave."""
        before = farewells(self._front)
        self._front.kill("SIGHUP")
        deadline = time.monotonic() + UP_SECONDS
        while farewells(self._front) == before:
            if time.monotonic() > deadline:
                raise TopologyError(f"expected nginx to reload within {UP_SECONDS:g} s, it did not; see its log")
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Take down all containers."""
        self._closing.close()


def _services(engine: Engine, project: str, redis: Container | None) -> list[ServiceContainer]:
    """The instances of a project, with their links to Redis, if there is one."""
    containers = engine.containers(project, "chat-service")
    if redis is None:
        return [ServiceContainer.inspect(one) for one in containers]
    network = engine.network(project, BUS_NETWORK)
    return [ServiceContainer.inspect(one, bus=BusLink(network, one, redis)) for one in containers]


def _await_instances(target: Target, expected: set[str]) -> None:
    """Wait until the front uses all these instances.

    Raises TopologyError if it does not.
    """
    deadline = time.monotonic() + UP_SECONDS
    while True:
        try:
            found = {Http(target, one).request("GET", "/health").instance for one in target.addresses}
            if found == expected:
                return
        except UnreachableError as error:
            found = {str(error)}
        if time.monotonic() > deadline:
            raise TopologyError(f"expected the front to use {sorted(expected)}, got {found}")
        time.sleep(POLL_SECONDS)


def published_port(front: Container) -> int:
    """The port of the front on the loopback address."""
    front.reload()
    return int(front.ports["80/tcp"][0]["HostPort"])


def farewells(front: Container) -> int:
    """The number of workers of nginx that have been told to leave."""
    return int(front.logs().count(b"gracefully shutting down"))


def logs(project: str) -> dict[str, list[str]]:
    """The lines that each container of a project has logged, by its name."""
    with contextlib.closing(Engine.connect()) as engine:
        found = engine.containers(project)
        return {name_of(one): one.logs().decode(errors="replace").splitlines() for one in found}

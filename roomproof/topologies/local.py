"""Topologies of processes on this machine, with files in a temporary folder."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from roomproof.client.target import Target, parse_capabilities
from roomproof.dialects.affinity import ADDRESS, Affinity
from roomproof.spec.rules import Capability
from roomproof.topologies.bus import Redis
from roomproof.topologies.embedded import CAPABILITIES
from roomproof.topologies.folder import Folder
from roomproof.topologies.front import Nginx
from roomproof.topologies.instance import LocalInstance
from roomproof.topologies.link import TcpLink
from roomproof.topologies.ports import reserved_port
from roomproof.topologies.store import DynamoDb
from roomproof.topologies.topology import Store, TopologyHandle, service_by

ADDRESSES = tuple(f"127.0.{number}.1" for number in range(1, 9))
"""Client addresses that nginx tells apart by their first three octets (ip_hash)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a local topology, and the capabilities that it declares besides."""

    instances: int
    front: bool
    bus: bool
    more: tuple[str, ...] = ()

    @property
    def capabilities(self) -> dict[Capability, float | None]:
        """The capabilities that the topology declares."""
        return parse_capabilities([*CAPABILITIES, *self.more])


PLANS = {
    "single": Plan(1, front=False, bus=False),
    "sticky": Plan(2, front=True, bus=False, more=("sticky",)),
    "pubsub": Plan(2, front=True, bus=True, more=("pubsub",)),
}


@dataclass(frozen=True, slots=True)
class _Starting:
    """The start of a topology: each part that is started is ended by `closing`."""

    folder: Path
    closing: contextlib.ExitStack

    def port(self) -> int:
        """Reserve a port for one part."""
        return self.closing.enter_context(reserved_port())

    def dynamodb(self) -> DynamoDb:
        """Start the store that can be taken away. Raises Inapplicable and TopologyError."""
        dynamodb = DynamoDb.prepare(self.folder, self.port())
        self.closing.callback(dynamodb.stop)
        dynamodb.start()
        return dynamodb

    def redis(self) -> Redis:
        """Start the bus. Raises TopologyError."""
        redis = Redis.prepare(self.folder, self.port())
        self.closing.callback(redis.kill)
        redis.start()
        return redis

    def link(self, to: int) -> TcpLink:
        """Open a link that can be cut, to a port."""
        link = TcpLink.open(to)
        self.closing.callback(link.close)
        return link

    def instance(self, name: str, options: Sequence[str], bus: Redis | None, *, breakable: bool) -> LocalInstance:
        """Start one process of the service. Raises TopologyError."""
        link = self.link(bus.port) if bus and breakable else None
        broadcast = ["--broadcast", f"redis://127.0.0.1:{link.port if link else bus.port}"] if bus else []
        options = [*options, "--instance", name, *broadcast]
        instance = LocalInstance(name, self.folder, self.port(), options, bus=link)
        self.closing.callback(instance.stop)
        instance.start()
        return instance

    def nginx(self, upstreams: Sequence[str], affinity: Affinity) -> Nginx:
        """Start the front of these instances. Raises TopologyError."""
        nginx = Nginx.prepare(self.folder / "nginx", self.port(), upstreams, affinity)
        self.closing.callback(nginx.stop)
        nginx.start()
        return nginx


class LocalTopology:
    """A topology of processes on this machine."""

    def __init__(
        self,
        handle: TopologyHandle,
        instances: Sequence[LocalInstance],
        closing: contextlib.ExitStack,
        *,
        front: Nginx | None = None,
        bus: Redis | None = None,
        store: TcpLink | None = None,
    ) -> None:
        """Take over parts that run; `closing` ends them."""
        self.handle = handle
        self.instances = instances
        self.bus = bus
        self.store = store
        self._front = front
        self._closing = closing

    @classmethod
    def start(
        cls, kind: str, *, deadline: float, breakable: bool, store: Store = "sqlite", affinity: Affinity = ADDRESS
    ) -> "LocalTopology":
        """Start a topology. With `breakable`, the links between its parts can be cut.

        The front, if there is one, tells clients apart by `affinity`.

        Raises TopologyError, and Inapplicable if it cannot be had with this store.
        """
        plan = PLANS[kind]
        with contextlib.ExitStack() as closing:
            folder = Folder.create()
            closing.callback(folder.close)
            starting = _Starting(folder.path, closing)
            dynamodb = starting.dynamodb() if store == "dynamodb" else None
            bus = starting.redis() if plan.bus else None
            options = dynamodb.options if dynamodb else ["--database", str(folder.path / "chats.sqlite3")]
            names = [f"instance-{number}" for number in range(1, plan.instances + 1)]
            instances = [starting.instance(name, options, bus, breakable=breakable) for name in names]
            front = starting.nginx([one.upstream for one in instances], affinity) if plan.front else None
            target = Target(
                front.url if front else instances[0].url,
                plan.capabilities,
                source_addresses=ADDRESSES if front and affinity == ADDRESS else (),
                exclusive=True,
                deadline=deadline,
                service=service_by(affinity),
            )
            handle = TopologyHandle(kind, str(folder.path), target)
            link = dynamodb.link if dynamodb else None
            return cls(handle, instances, closing.pop_all(), front=front, bus=bus, store=link)

    def reload_front(self) -> None:
        """Make nginx read its configuration again."""
        assert self._front is not None, "a single instance has no front"
        self._front.reload()

    def close(self) -> None:
        """End all parts, the front first."""
        self._closing.close()

"""Topologies of processes on this machine: instances, nginx and Redis on free ports, files in a temporary folder."""

import contextlib
from dataclasses import dataclass

from roomproof.client.target import Target, parse_capabilities
from roomproof.spec.rules import Capability
from roomproof.topologies.bus import Redis
from roomproof.topologies.embedded import CAPABILITIES
from roomproof.topologies.folder import Folder
from roomproof.topologies.front import Nginx
from roomproof.topologies.instance import LocalInstance
from roomproof.topologies.link import TcpLink
from roomproof.topologies.ports import reserved_port
from roomproof.topologies.store import DynamoDb
from roomproof.topologies.topology import Handle, Store

ADDRESSES = tuple(f"127.0.{number}.1" for number in range(1, 9))
"""Client addresses that nginx tells apart: ip_hash takes the first three octets."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a local topology consists of."""

    instances: int
    front: bool
    bus: bool
    more: tuple[str, ...] = ()

    @property
    def capabilities(self) -> dict[Capability, float | None]:
        """What it declares."""
        return parse_capabilities([*CAPABILITIES, *self.more])


PLANS = {
    "single": Plan(1, front=False, bus=False),
    "sticky": Plan(2, front=True, bus=False, more=("sticky",)),
    "pubsub": Plan(2, front=True, bus=True, more=("pubsub",)),
}


class LocalTopology:
    """A topology of processes on this machine."""

    def __init__(self, kind: str, *, deadline: float, breakable: bool, store: Store = "sqlite") -> None:
        """Start it. With `breakable` what connects its parts can be cut. Raises TopologyError and Inapplicable."""
        plan = PLANS[kind]
        self.instances: list[LocalInstance] = []
        self.bus: Redis | None = None
        self.store: TcpLink | None = None
        self._front: Nginx | None = None
        with contextlib.ExitStack() as closing:
            self._folder = Folder()
            closing.callback(self._folder.close)
            options = ["--database", str(self._folder.path / "chats.sqlite3")]
            if store == "dynamodb":
                dynamodb = DynamoDb(self._folder.path, closing.enter_context(reserved_port()))
                closing.callback(dynamodb.stop)
                dynamodb.start()
                self.store = dynamodb.link
                options = dynamodb.options
            if plan.bus:
                self.bus = Redis(self._folder.path, closing.enter_context(reserved_port()))
                closing.callback(self.bus.kill)
                self.bus.start()
            for number in range(1, plan.instances + 1):
                self._add_instance(f"instance-{number}", options, closing, breakable=breakable)
            url = self.instances[0].url
            if plan.front:
                port, upstreams = closing.enter_context(reserved_port()), [one.upstream for one in self.instances]
                self._front = Nginx(self._folder.path / "nginx", port, upstreams)
                closing.callback(self._front.stop)
                self._front.start()
                url = self._front.url
            self._closing = closing.pop_all()
        addresses = ADDRESSES if plan.front else ()
        target = Target(url, plan.capabilities, source_addresses=addresses, exclusive=True, deadline=deadline)
        self.handle = Handle(kind, str(self._folder.path), target)

    def _add_instance(self, name: str, options: list[str], closing: contextlib.ExitStack, *, breakable: bool) -> None:
        options = [*options, "--instance", name]
        link: TcpLink | None = None
        if self.bus is not None:
            bus_port = self.bus.port
            if breakable:
                link = TcpLink(bus_port)
                closing.callback(link.close)
                bus_port = link.port
            options += ["--broadcast", f"redis://127.0.0.1:{bus_port}"]
        port = closing.enter_context(reserved_port())
        instance = LocalInstance(name, self._folder.path, port, options, bus=link)
        closing.callback(instance.stop)
        instance.start()
        self.instances.append(instance)

    def reload_front(self) -> None:
        """Make nginx read its configuration again."""
        assert self._front is not None, "a single instance has no front"
        self._front.reload()

    def close(self) -> None:
        """End everything, clients' side first."""
        self._closing.close()

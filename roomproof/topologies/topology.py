"""A topology under test: a target, and parts that can be broken and mended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol

import msgspec

from roomproof.client.cookies import AffinityCookies
from roomproof.client.service import Service
from roomproof.client.target import Target
from roomproof.dialects.affinity import Affinity, read_affinity
from roomproof.dialects.native import native
from roomproof.dialects.place import Place

Store = Literal["sqlite", "dynamodb"]
"""The store of rooms: a file, or a service that can be taken away."""


class TopologyError(Exception):
    """A topology that cannot start; the message says what is missing and what to do."""


class Inapplicable(Exception):  # noqa: N818 - nothing is wrong
    """A topology that this run cannot have; the message says why and what to do."""


class TopologyHandle(msgspec.Struct, frozen=True):
    """The data by which other processes use a topology: its target and its logs.

    `where` is the folder of the logs, or the project of Compose.
    """

    kind: str
    where: str
    target: Target


def encode_handle(handle: TopologyHandle | None) -> str:
    """Return a handle as JSON.

    Of the service of its target only the affinity is kept: a topology speaks the native dialect.
    """
    return msgspec.json.encode(handle, enc_hook=_encode).decode()


def decode_handle(text: str) -> TopologyHandle:
    """Return the handle of a JSON text."""
    return msgspec.json.decode(text, type=TopologyHandle, dec_hook=_decode)


def service_by(affinity: Affinity) -> Service:
    """Return the service of a topology whose front has this affinity."""
    return Service(replace(native(), affinity=affinity))


def _encode(value: object) -> str | None:
    return str(value.dialect.affinity) if isinstance(value, Service) else None


def _decode(kind: type, value: object) -> object:
    if kind is Service:
        return service_by(read_affinity(str(value), Place("the topology", "affinity")))
    return AffinityCookies()


class BreakablePart(Protocol):
    """A part of a topology that can be broken: an instance or the bus.

    Each call has taken effect when it returns.
    """

    @property
    def name(self) -> str:
        """Its name in texts."""

    def kill(self) -> None:
        """Kill the part, as a crash does."""

    def stop(self) -> None:
        """Ask the part to end, and wait until it has ended."""

    def start(self) -> None:
        """Start the part again and wait until it serves. Raises TopologyError if it fails."""

    def pause(self) -> None:
        """Stop the processes of the part, so that it neither answers nor ends."""

    def resume(self) -> None:
        """Continue the part."""


class CuttableLink(Protocol):
    """A link between parts of a topology that can be cut."""

    def cut(self) -> None:
        """End all connections, and refuse new ones."""

    def stall(self) -> None:
        """Carry nothing any more, and tell nobody, as when a cable is pulled."""

    def mend(self) -> None:
        """Carry again. Stalled data is lost, and its connections end."""


class ServiceInstance(BreakablePart, Protocol):
    """One process of the service, which holds members."""

    @property
    def upstream(self) -> str:
        """The name of the instance in X-Upstream."""

    @property
    def bus(self) -> CuttableLink | None:
        """The link with the bus; None without a bus, or if the link cannot be cut."""


class Topology(Protocol):
    """A running topology. Closing it leaves nothing behind."""

    @property
    def handle(self) -> TopologyHandle:
        """The data by which another process uses the topology."""

    @property
    def instances(self) -> Sequence[ServiceInstance]:
        """The processes of the service."""

    @property
    def bus(self) -> BreakablePart | None:
        """The bus that passes items between instances; None without a bus."""

    @property
    def store(self) -> CuttableLink | None:
        """The link of the instances with the store of rooms; None if it cannot be cut."""

    def reload_front(self) -> None:
        """Make the front read its configuration again, and wait until it uses it."""

    def close(self) -> None:
        """End all parts of the topology."""

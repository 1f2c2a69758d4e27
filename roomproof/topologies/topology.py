"""What a topology is to whoever tests it: a target, and parts that can be broken and mended."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from roomproof.client.target import Target

Store = Literal["sqlite", "dynamodb"]
"""What instances keep their rooms in: a file that they share, or a service that can be taken away."""


class TopologyError(Exception):
    """A topology cannot be started; the message says what is missing and what to do."""


class Inapplicable(Exception):  # noqa: N818 - it is no error of anybody's
    """A topology cannot be had in this way; the message says why, and what to do."""


class TopologyHandle(msgspec.Struct, frozen=True):
    """What another process has to know of a topology that runs: the target, and where its logs are."""

    kind: str
    where: str
    target: Target


class BreakablePart(Protocol):
    """A part of a topology that can be broken: an instance, or the bus between instances. Each call takes effect before
    it returns."""

    @property
    def name(self) -> str:
        """What to call it in a text."""

    def kill(self) -> None:
        """End it at once, as a crash does."""

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""

    def start(self) -> None:
        """Start it again where it was, and wait until it serves. Raises TopologyError if it does not."""

    def pause(self) -> None:
        """Make it stand still: it neither answers nor ends."""

    def resume(self) -> None:
        """Let it go on."""


class CuttableLink(Protocol):
    """A connection between parts that can be cut."""

    def cut(self) -> None:
        """End what is connected, and refuse what would connect."""

    def stall(self) -> None:
        """Carry nothing any more, and tell nobody: as when a cable is pulled."""

    def mend(self) -> None:
        """Carry everything again. What was stalled is lost, and its connections end."""


class ServiceInstance(BreakablePart, Protocol):
    """One process of the service."""

    @property
    def upstream(self) -> str:
        """What X-Upstream says of it."""

    @property
    def bus(self) -> CuttableLink | None:
        """What connects it with the bus; None in a topology without, or where that cannot be cut."""


class Topology(Protocol):
    """A topology that runs. Closing it leaves nothing behind."""

    @property
    def handle(self) -> TopologyHandle:
        """What another process has to know of it."""

    @property
    def instances(self) -> Sequence[ServiceInstance]:
        """The processes of the service."""

    @property
    def bus(self) -> BreakablePart | None:
        """What passes items on between instances; None in a topology without."""

    @property
    def store(self) -> CuttableLink | None:
        """What connects the instances with the store of rooms; None where that cannot be cut."""

    def reload_front(self) -> None:
        """Make the front read its configuration again, and wait until it serves by what it read."""

    def close(self) -> None:
        """End everything."""

"""The properties of a simulated world."""

from dataclasses import dataclass
from enum import Enum

from roomproof.spec.rules import Capability


class SimulatedTopology(Enum):
    """How many instances there are, and what connects them."""

    # Python 3.11.2, which Debian 12 has, makes nothing of an empty tuple here.
    SINGLE = frozenset[str]()
    STICKY = frozenset({Capability.STICKY})
    PUBSUB = frozenset({Capability.PUBSUB})
    OUTAGE = frozenset({Capability.PUBSUB, "outage"})


class Fanning(Enum):
    """How an instance hands one item to its members."""

    SNAPSHOT = "to all at one instant"
    WALK = "to one after the other, whoever is still there; perhaps also to those who came meanwhile"
    SPREAD = "to all who are there at one instant, each after a while of its own"


class Stamping(Enum):
    """By whose clock, and when, an item gets its timestamp."""

    SPEAKER = "once, by the instance of its sender"
    INSTANCE = "by each instance that it comes to"
    DELIVERY = "for each receiver, when it is sent there"


@dataclass(frozen=True)
class Shape:
    """The properties of a world. `slack` is the longest delay of a hop in ms."""

    seed: int
    topology: SimulatedTopology = SimulatedTopology.SINGLE
    fanning: Fanning = Fanning.SNAPSHOT
    stamping: Stamping = Stamping.SPEAKER
    names_instances: bool = True
    """Handshakes tell which instance answers, where there are several."""
    own_notices: bool = True
    own_bytes: bool = False
    """Each receiver gets frames of its own, different in bytes."""
    devices: bool = False
    """Some users are there with several connections."""
    history: bool = False
    """Those who come are told some of what was said before."""
    without: frozenset[str] = frozenset()
    """The needs that the service lacks, as far as frames show it."""
    slack: int = 5
    people: int = 4
    talk: int = 30

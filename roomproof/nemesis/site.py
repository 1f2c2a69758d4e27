"""A topology of one scenario, with breakable parts and people on two instances."""

import contextlib
import time
from collections.abc import Iterator, Sequence

from roomproof.history import FaultWindow
from roomproof.spec.limits import ANSWER_S
from roomproof.spec.rules import Capability
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.topologies.topology import ServiceInstance, Topology

POLL_SECONDS = 0.05
"""Seconds between two attempts."""

ROUND_SECONDS = 0.5
"""Seconds to wait for a message before the next attempt to hear each other."""


class Site:
    """A room with Alice and Anna on the instance `near`, and Bob and Ben on `far`."""

    def __init__(
        self, topology: Topology, stage: Stage, room: Room, people: Sequence[Person], clients: tuple[str, str]
    ) -> None:
        """Take over Alice, Anna, Bob and Ben, and the clients that the two pairs are."""
        self.topology = topology
        self.stage = stage
        self.room = room
        self.people = people
        self.alice, self.anna, self.bob, self.ben = people
        self.here, self.there = clients
        self.crosses = stage.scene.target.declares(Capability.PUBSUB)
        self.near, self.far = self._instance_of(self.alice), self._instance_of(self.bob)

    @classmethod
    def set_up(cls, topology: Topology, stage: Stage) -> "Site":
        """Let the four join a new room.

        Raises RuleBrokenError if they are on one instance.
        """
        here, there = stage.apart()
        room = stage.room()
        room.invite("alice", "anna", "bob", "ben", *(f"guest-{number}" for number in range(20)))
        alice, bob = room.join("alice", source=here), room.join("bob", source=there)
        anna, ben = room.join("anna", source=here), room.join("ben", source=there)
        site = cls(topology, stage, room, [alice, anna, bob, ben], (here, there))
        if site.near is site.far:
            expected = "alice and bob to be on two instances"
            raise RuleBrokenError(stage.spread_rule, expected, f"both on {site.near.name}")
        return site

    def _instance_of(self, person: Person) -> ServiceInstance:
        return next(one for one in self.topology.instances if one.upstream == person.instance)

    def scaled(self, seconds: float) -> float:
        """A time of the protocol, in seconds, scaled as the deadline of this run is."""
        return seconds * self.stage.scene.deadline / ANSWER_S

    @contextlib.contextmanager
    def broken(self, what: str, *instances: ServiceInstance, heal: float = 0) -> Iterator[None]:
        """Record that `what` is broken within this context, at these instances or at all.

        Meanwhile, and for `heal` seconds of the protocol afterwards, items may be lost there.
        """
        recorder = self.stage.scene.recorder
        began = recorder.now()
        scope = [instance.upstream for instance in instances] or None
        try:
            yield
        finally:
            recorder.record(FaultWindow(began, recorder.now(), round(self.scaled(heal) * 1e9), what, scope))

    def audience(self, speaker: Person, people: Sequence[Person]) -> list[Person]:
        """Those of these people to whom messages of the speaker are due."""
        return [one for one in people if self.crosses or one.instance == speaker.instance]

    def unheard(self, *people: Person, within: float | None = None) -> str:
        """Return a sentence about the first undelivered message; empty if all arrived.

        Everybody says something. They try again for `within` seconds of the protocol; by default once.
        """
        deadline = time.monotonic() + self.scaled(within or 0)
        patience = 1.0 if within is None else ROUND_SECONDS / self.stage.scene.deadline
        while True:
            trouble = self._round(people, patience)
            if not trouble or time.monotonic() > deadline:
                return trouble

    def _round(self, people: Sequence[Person], patience: float) -> str:
        """Let everybody speak once; return who does not hear whom, empty if all hear."""
        said = {speaker: speaker.say_or_be_gone("does everybody hear me?") for speaker in people}
        for speaker, content in said.items():
            for listener in self.audience(speaker, people):
                if not listener.heard(content, patience=patience):
                    return f"{listener.user} does not hear {speaker.user}, got {listener.account()}"
        return ""

    def comes_back(self, user: str, source: str, within: float) -> Person:
        """Connect until the service accepts, for `within` seconds of the protocol.

        Raises AssertionError if it does not.
        """
        deadline = time.monotonic() + self.scaled(within)
        answer: Person | Refusal | None = None
        while time.monotonic() < deadline:
            answer = self.room.attempt(user, source=source)
            if isinstance(answer, Person):
                return answer
            time.sleep(POLL_SECONDS)
        expected = f"{user} from {source} to be let in within {self.scaled(within):g} s"
        raise AssertionError(f"expected {expected}, got {answer}")

    def is_served_by(self, instance: ServiceInstance, source: str, within: float) -> bool:
        """Whether a client reaches this instance, `within` seconds of the protocol.

        A cookie can bind the client to another instance, so each attempt begins without one.
        """
        deadline = time.monotonic() + self.scaled(within)
        while time.monotonic() < deadline:
            self.stage.scene.target.cookies.forget(source)
            if self.stage.scene.http.stats(source).instance == instance.upstream:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def makes_rooms(self, within: float) -> bool:
        """Whether both instances come to make rooms, `within` seconds of the protocol."""
        deadline = time.monotonic() + self.scaled(within)
        http, body = self.stage.scene.http, {"name": "Attic", "created_by": "alice"}
        while not all(http.request("POST", "/api/chats", body, source=one).ok for one in (self.here, self.there)):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def cut_off(self, *people: Person) -> str:
        """Tell whose connection has ended; empty if nobody's has."""
        gone = [f"{one.user} was cut off, got {one.account()}" for one in people if not one.is_open]
        return gone[0] if gone else ""

    def doubled(self, *people: Person) -> list[str]:
        """Return the contents that one person received twice; empty if none."""
        for one in people:
            contents = [message.content for message in one.messages()]
            if len(contents) > len(set(contents)):
                return sorted(content for content in set(contents) if contents.count(content) > 1)
        return []

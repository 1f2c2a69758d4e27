"""Two people who sit in a room of their own and say nothing until the run ends."""

import time
from dataclasses import dataclass, field

from roomproof.client.http import UnreachableError
from roomproof.client.tcp import LocalTroubleError
from roomproof.errors import UsageError
from roomproof.history import Event
from roomproof.judge.findings import Finding, Kind
from roomproof.stage.person import Person
from roomproof.stage.scene import LacksError, RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.stage.stats import Stats

OWN_KINDS = frozenset({Kind.DROPPED, Kind.LOST})
"""Kinds of findings that an idle pair shows. Whatever else it meets, such as a leak, is the matter of scenarios."""


@dataclass(slots=True)
class IdlePair:
    """Two people on one instance. Only the server decides whether they stay connected."""

    stage: Stage
    people: tuple[Person, Person]
    since: float = field(default_factory=time.monotonic)
    """The time since which they say nothing, in seconds of the monotonic clock."""
    is_excused: bool = False
    """Whether their links ended together with those of a scenario, which tells of it."""

    @classmethod
    def sit_down(cls, stage: Stage) -> "IdlePair | None":
        """Let two people join a new room, from the home address of the stage.

        Returns None if that fails: then scenarios tell why.
        """
        home = stage.scene.http.home
        try:
            room = stage.room("Waiting room")
            alice, bob = room.join("alice", source=home), room.join("bob", source=home)
        except (RuleBrokenError, LacksError, UnreachableError, LocalTroubleError, UsageError):
            stage.close()
            return None
        return cls(stage, (alice, bob))

    @property
    def seconds(self) -> float:
        """Seconds for which they have said nothing."""
        return time.monotonic() - self.since

    @property
    def is_open(self) -> bool:
        """Whether both are connected, as far as is known."""
        return all(person.is_open for person in self.people)

    @property
    def was_cut(self) -> bool:
        """Whether a link of them ended without a Close frame."""
        ends = [person.connection.closed for person in self.people]
        return any(closed is not None and closed.code is None for closed in ends)

    def left_out_of(self, stats: Stats) -> Stats:
        """Statistics as they would be without the pair."""
        (room,) = self.stage.rooms
        members = sum(person.is_open for person in self.people)
        if not members or room.id not in stats.active_rooms:
            return stats
        others = tuple(one for one in stats.active_rooms if one != room.id)
        return Stats(stats.total_connections - members, others)

    def sit(self, seconds: float) -> None:
        """Wait until they have said nothing for some seconds, or one of them is closed."""
        self.stage.scene.recorder.wait_for(lambda: None if self.is_open else True, seconds - self.seconds)

    def finish(self) -> tuple[list[Finding], list[Event]]:
        """Let them speak, hear each other and leave; return findings and the history.

        Nothing shows a fault if the server is gone, or if a scenario tells of the end of their links.
        """
        try:
            self.stage.stats()
        except (UnreachableError, LocalTroubleError):
            self.stage.close()
            return [], []
        except (RuleBrokenError, LacksError):
            pass  # scenarios tell of malformed statistics
        findings = self.stage.finish()
        is_excused = self.is_excused and self.was_cut
        return [one for one in findings if one.kind in OWN_KINDS and not is_excused], self.stage.events()

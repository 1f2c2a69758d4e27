"""Two people who sit in a room of their own and say nothing until the run ends."""

import threading
import time
from dataclasses import dataclass, field

from roomproof.client.http import UnreachableError
from roomproof.client.tcp import LocalTroubleError
from roomproof.errors import UsageError
from roomproof.history import Event
from roomproof.judge.findings import Finding, Kind
from roomproof.spec.limits import CloseCode
from roomproof.stage.endings import ending
from roomproof.stage.person import Person
from roomproof.stage.scene import LacksError, RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.stage.stats import Stats

OWN_KINDS = frozenset({Kind.DROPPED, Kind.LOST, Kind.LEAKED})
"""Kinds of findings that an idle pair reports. Scenarios report all others.

Nobody but the pair sees what leaks from a scenario into its room."""

SHUTDOWN_CODES = frozenset({CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART})
"""Close codes by which a server says that it ends. The judge believes them."""

TALK_SECONDS = 1.0
"""Seconds between two messages of the third person."""


@dataclass(slots=True)
class IdlePair:
    """Two people who say nothing, and a third one next door who goes on talking.

    All are on one instance. A server that closes the pair because it ends closes the third person, too.
    """

    stage: Stage
    people: tuple[Person, Person]
    talker: Person
    since: float = field(default_factory=time.monotonic)
    """The time since which the pair says nothing, in seconds of the monotonic clock."""
    is_excused: bool = False
    """Whether links of the pair ended together with those of a scenario, which tells of it."""
    _over: threading.Event = field(default_factory=threading.Event)
    _talking: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the talk of the third person."""
        self._talking = threading.Thread(target=self._talk, name="talker", daemon=True)

    @classmethod
    def sit_down(cls, stage: Stage) -> "IdlePair | None":
        """Let the three join new rooms, as the first client of the stage.

        Returns None if that fails: then scenarios tell why.
        """
        home = stage.clients.each[0]
        try:
            room = stage.room("Waiting room")
            alice, bob = room.join("alice", source=home), room.join("bob", source=home)
            talker = stage.room("Next door").join("charlie", source=home)
        except (RuleBrokenError, LacksError, UnreachableError, LocalTroubleError, UsageError):
            stage.close()
            return None
        pair = cls(stage, (alice, bob), talker)
        pair._talking.start()
        return pair

    @property
    def seconds(self) -> float:
        """Seconds for which the pair has said nothing."""
        return time.monotonic() - self.since

    @property
    def is_open(self) -> bool:
        """Whether both of the pair are connected, as far as is known."""
        return all(person.is_open for person in self.people)

    @property
    def was_cut(self) -> bool:
        """Whether a link of the pair ended without a Close frame."""
        ends = [person.connection.closed for person in self.people]
        return any(closed is not None and closed.code is None for closed in ends)

    def left_out_of(self, stats: Stats) -> Stats:
        """Statistics as they would be without the three.

        Of several instances, only that with their rooms counts them.
        """
        has_instances = self.stage.scene.target.has_instances
        for room in self.stage.rooms:
            members = sum(person.is_open for person in room.people)
            if members and (room.id in stats.active_rooms or not has_instances):
                others = tuple(one for one in stats.active_rooms if one != room.id)
                stats = Stats(stats.total_connections - members, others)
        return stats

    def sit(self, seconds: float) -> None:
        """Wait until the pair has said nothing for some seconds, or one of them is closed."""
        self.stage.scene.recorder.wait_for(lambda: None if self.is_open else True, seconds - self.seconds)

    def _talk(self) -> None:
        while self.talker.is_open and not self._over.wait(TALK_SECONDS):
            self.talker.say_or_be_gone("still talking")

    def fall_silent(self) -> None:
        """Let the third person stop talking."""
        self._over.set()
        self._talking.join()

    def shut_out(self) -> str | None:
        """Tell of a pair that was closed as if the server ended.

        Returns None if it was not closed so, and if the third person shows no server that goes on.
        """
        ends = [(one.user, one.connection.closed) for one in self.people]
        closed = [(user, end) for user, end in ends if end and end.code in SHUTDOWN_CODES]
        if not closed or not self.talker.heard(self.talker.say_or_be_gone("is the server still there?")):
            return None
        user, end = closed[0]
        return f"expected {user}, who said nothing for {self.seconds:.0f} s, to stay connected, got {ending(end)}"

    def finish(self) -> tuple[list[Finding], list[Event]]:
        """Let all speak, hear each other and leave; return findings and the history.

        There are no findings if the server is gone, or if a scenario tells of the end of the pair's links.
        """
        try:
            self.stage.stats()
        except (UnreachableError, LocalTroubleError):
            self.stage.close()
            return [], []
        except (RuleBrokenError, LacksError):
            pass  # scenarios tell of malformed statistics
        findings = self.stage.finish()
        if self.is_excused and self.was_cut:
            findings = []
        pair = {person.connection.number for person in self.people}
        shown = [one for one in findings if one.kind in OWN_KINDS and one.receiver in pair]
        return shown, self.stage.events()

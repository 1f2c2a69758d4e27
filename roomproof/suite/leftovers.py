"""Members and rooms that the statistics keep although everybody has left."""

import time
from collections.abc import Iterable

import pytest

from roomproof.client.http import UnreachableError
from roomproof.client.tcp import LocalTroubleError
from roomproof.printable import printable
from roomproof.stage.scene import LacksError, RuleBrokenError
from roomproof.stage.stage import POLL_SECONDS, Stage
from roomproof.stage.stats import Stats

PATIENCE_DEADLINES = 3.0
"""Maximum time that a process waits after its scenarios, in deadlines and in total.

The end of the run shows what is left then.
"""

SETTLING_SECONDS = 1.0
"""Maximum time in seconds until the statistics count nobody before the run: the preflight has just left."""

SHOWN_ROOMS = 3
"""Maximum number of rooms named in an observation."""

Observation = tuple[str, str]
"""The id of a broken rule, and a sentence about what was seen."""


class Leftovers:
    """Looks at the statistics after each scenario, and at the end of the run.

    - `_rooms` maps each room that this process made to its scenario, except rooms that were reported as left over.
    - `_members` is the number of members that are no leftovers. Only for an exclusive target is it known.
    - `_patience` is the time in seconds that remains for waiting after scenarios.
    """

    def __init__(self, stage: Stage) -> None:
        """Count the members before the run, on a stage without people."""
        self._stage = stage
        self._rooms: dict[str, str] = {}
        self._members = self._members_before()
        self._patience = PATIENCE_DEADLINES * self._deadline

    @property
    def _deadline(self) -> float:
        return self._stage.scene.deadline

    def note(self, scenario: str, rooms: Iterable[str]) -> None:
        """Note the rooms of a scenario that is over."""
        self._rooms.update(dict.fromkeys(rooms, scenario))

    def after(self, scenario: str) -> list[Observation]:
        """Return what a scenario left behind, once its deadline has passed.

        Returns at once if nothing is left, and if the patience with this server is exhausted.
        """
        began = time.monotonic()
        found = self._wait([room for room, its in self._rooms.items() if its == scenario], self._patience)
        self._patience = max(0.0, self._patience - (time.monotonic() - began))
        return found

    def at_the_end(self) -> list[Observation]:
        """Return what is left of all scenarios, once the deadline has passed."""
        return self._wait(list(self._rooms), self._deadline)

    def _members_before(self) -> int:
        until = time.monotonic() + SETTLING_SECONDS
        while self._stage.scene.target.exclusive and (stats := self._look()):
            if stats.total_connections == 0 or time.monotonic() > until:
                return stats.total_connections
            time.sleep(POLL_SECONDS)
        return 0

    def _wait(self, rooms: list[str], patience: float) -> list[Observation]:
        """Look until nothing is left, and return what is left after the deadline.

        Returns nothing if the patience, in seconds, ends before.
        """
        began = time.monotonic()
        while stats := self._look():
            listed = [room for room in rooms if room in stats.active_rooms]
            has_more = self._stage.scene.target.exclusive and stats.total_connections > self._members
            waited = time.monotonic() - began
            if waited > self._deadline and (listed or has_more):
                return self._report(listed, stats.total_connections if has_more else None)
            if waited > patience or not (listed or has_more):
                return []
            time.sleep(POLL_SECONDS)
        return []

    def _report(self, listed: list[str], members: int | None) -> list[Observation]:
        """Describe what is left, which is not looked at again."""
        found = []
        if listed:
            shown = ", ".join(f"{printable(room)} (of {self._rooms[room]})" for room in listed[:SHOWN_ROOMS])
            more = f" and {len(listed) - SHOWN_ROOMS} more" if len(listed) > SHOWN_ROOMS else ""
            expected = f"no room in active_rooms {self._deadline:g} s after its last member left"
            found.append(("STATS-4", f"expected {expected}, got {shown}{more}"))
        if members is not None:
            expected = f"total_connections to be back at {self._members} {self._deadline:g} s after everybody left"
            found.append(("STATS-2", f"expected {expected}, got {members}"))
            self._members = members
        for room in listed:
            del self._rooms[room]
        return found

    def _look(self) -> Stats | None:
        """Return the statistics of all instances; None if they cannot be read.

        Scenarios tell why they cannot.
        """
        try:
            stats = self._stage.stats_of_all()
        except (RuleBrokenError, LacksError, UnreachableError, LocalTroubleError):
            return None
        return self._stage.bystanders.left_out_of(stats) if self._stage.bystanders else stats


LEFTOVERS_KEY = pytest.StashKey[Leftovers]()
"""The key under which the configuration, and the item of a scenario, keep the leftovers of their target."""

"""Planted faults: names, broken rules, and the functions that plant them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reference_server.member import Member
from roomproof.judge.findings import Kind

RACES = "tests.faults.plants.races"
"""The module with the faults that show only if two act within milliseconds."""

RACE_RUNS = 5
"""Number of runs until a race has to show."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A planted fault.

    `plant` changes the classes of the reference server in this process, for good.
    """

    name: str
    breaks: str
    text: str
    plant: Callable[[], None]
    shows: Kind | None = None
    """The kind of the oracle's finding for this fault; None where only an expectation of a scenario fails."""
    capabilities: tuple[str, ...] = ()
    """The capabilities that a server with this fault declares, beyond the reference server's, and does not have."""
    also: Mapping[str, str] = field(default_factory=dict)
    """The rules that the fault breaks besides its own, each with the reason."""
    perhaps: Mapping[str, str] = field(default_factory=dict)
    """The rules that the fault breaks in some runs only, each with the reason."""

    options: tuple[str, ...] = ()
    """Options of `roomproof verify` without which the fault need not show."""
    tables: str = ""
    """Tables of the target file, without which the fault cannot show."""

    @property
    def runs(self) -> int:
        """The number of runs in which the fault has to show at least once.

        A race lasts 2 ms. Beside more busy processes than cores, nobody may act within them in one run.
        """
        return RACE_RUNS if self.plant.__module__ == RACES else 1

    def unexpected(self, broken: set[str]) -> set[str]:
        """The rules among the broken ones that the fault does not list."""
        return broken - {self.breaks, *self.also, *self.perhaps}

    def unbroken(self, broken: set[str]) -> set[str]:
        """The rules that the fault lists and that are not broken, except by chance."""
        return {self.breaks, *self.also} - broken

    def is_shown_in(self, text: str) -> bool:
        """Whether the text of a run shows the fault by the required kind of finding."""
        return self.shows is None or f"{self.shows}, at " in text


FAULTS: dict[str, Fault] = {}
"""All faults by name, in the order of the families."""


def fault(
    name: str,
    *,
    breaks: str,
    shows: Kind | None = None,
    declares: tuple[str, ...] = (),
    also: Mapping[str, str] | None = None,
    perhaps: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
    tables: str = "",
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a fault.

    SUITE.md shows the docstring of the decorated function.
    """

    def register(plant: Callable[[], None]) -> Callable[[], None]:
        assert name not in FAULTS, f"two faults are called {name!r}"
        assert plant.__doc__, f"expected a docstring for fault {name!r}: SUITE.md shows it"
        text = " ".join(plant.__doc__.split())
        FAULTS[name] = Fault(name, breaks, text, plant, shows, declares, also or {}, perhaps or {}, options, tables)
        return plant

    return register


RARITY = "FAULTS_EVERY_DELIVERIES"
"""The variable with the minimum number of deliveries between two times that a fault shows."""

delivered = 0
"""The number of frames sent to members so far; 0 where RARITY is not set."""


def every(count: int) -> Callable[[], bool]:
    """Return a function that is True at every `count`-th call.

    RARITY can ask for a larger count. Rare faults are planted by counting, not by chance, so that every run meets them.
    """
    rarity = int(os.environ.get(RARITY, "0"))
    calls, following = 0, rarity

    def is_due_now() -> bool:
        nonlocal calls, following
        calls += 1
        if not rarity:
            return calls % count == 0
        is_due = delivered >= following
        if is_due:
            following = delivered + rarity
        return is_due

    return is_due_now


def count_deliveries() -> None:
    """Count the frames sent to members, where RARITY is set."""

    def wrapped(enqueue: Any) -> Any:
        def counting(self: Any, frame: str) -> Any:
            global delivered
            delivered += 1
            return enqueue(self, frame)

        return counting

    if RARITY in os.environ:
        wrap(Member, "enqueue", wrapped)


def wrap(owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an attribute of `owner` by `change(attribute)`."""
    setattr(owner, name, change(getattr(owner, name)))

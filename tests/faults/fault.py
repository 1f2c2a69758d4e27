"""A planted fault: what it is called, the rule that it breaks, and how it gets into the reference server."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reference_server.member import Member
from roomproof.judge.findings import Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. `plant` changes the classes of the reference server, in this process, for good."""

    name: str
    breaks: str
    text: str
    plant: Callable[[], None]
    shows: Kind | None = None
    """The kind of finding by which the oracle shows it; None where only an expectation of a scenario fails."""
    capabilities: tuple[str, ...] = ()
    """What a server with this fault declares beyond the reference server, in vain."""

    def is_shown_in(self, text: str) -> bool:
        """Whether a text of a run shows the fault by the kind of finding that it must be shown by."""
        return self.shows is None or f"{self.shows}, at " in text


FAULTS: dict[str, Fault] = {}
"""All faults by name, in the order of the families."""


def fault(
    name: str, *, breaks: str, shows: Kind | None = None, declares: tuple[str, ...] = ()
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a fault; the docstring of the function that plants it says what it does."""

    def register(plant: Callable[[], None]) -> Callable[[], None]:
        assert name not in FAULTS, f"two faults are called {name!r}"
        assert plant.__doc__, f"fault {name!r} does not say what it does"
        FAULTS[name] = Fault(name, breaks, " ".join(plant.__doc__.split()), plant, shows, declares)
        return plant

    return register


RARITY = "FAULTS_EVERY_DELIVERIES"
"""Names the variable that makes faults rarer: they show at the first opportunity after so many deliveries each."""

delivered = 0
"""How many frames were passed on to members, where that is counted."""


def every(count: int) -> Callable[[], bool]:
    """A counter that is true at every so many calls: rare faults are planted by counter, not by chance."""
    rarity = int(os.environ.get(RARITY, "0"))
    calls, following = 0, rarity

    def is_it() -> bool:
        nonlocal calls, following
        calls += 1
        if not rarity:
            return calls % count == 0
        is_due = delivered >= following
        if is_due:
            following = delivered + rarity
        return is_due

    return is_it


def count_deliveries() -> None:
    """Count them, if faults are to be rarer."""

    def wrapped(tell: Any) -> Any:
        def counting(self: Any, frame: str) -> Any:
            global delivered
            delivered += 1
            return tell(self, frame)

        return counting

    if RARITY in os.environ:
        wrap(Member, "enqueue", wrapped)


def wrap(owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an attribute by what `change` makes of it."""
    setattr(owner, name, change(getattr(owner, name)))

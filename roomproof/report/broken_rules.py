"""The rules that a run broke, and one failure of each kind. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roomproof.printable import counted
from roomproof.spec.rules import Level, Protocol

Cause = tuple[str, str]
"""The id of a broken rule, and the kind of fault that breaks it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One scenario that broke rules.

    `observations` maps the ids of the broken rules to what was observed, one observation for each kind of fault.
    """

    scenario: str
    rules: tuple[str, ...]
    """The rules that the scenario tests; it can break others."""
    observations: Mapping[str, Sequence[str]]
    text: str = ""
    """The failure text."""

    @property
    def causes(self) -> list[Cause]:
        """The broken rules with their kinds of faults."""
        return [(rule, kind_of(one)) for rule, observed in self.observations.items() for one in observed]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One broken rule, and the failures that show it."""

    rule: str
    level: Level
    failures: tuple[Failure, ...]
    alone: int
    """Number of failures that break no other rule."""

    @property
    def first(self) -> str:
        """The first observation of the first failure."""
        return self.failures[0].observations[self.rule][0]

    @property
    def tested(self) -> bool:
        """Whether a scenario that tests the rule broke it."""
        return any(self.rule in failure.rules for failure in self.failures)


@dataclass(frozen=True, slots=True)
class Example:
    """A failure that stands for all that are like it."""

    failure: Failure
    others: int
    """Number of other failures that break the same rule by the same kind of fault."""


def kind_of(observation: str) -> str:
    """Return the kind of fault that an observation shows.

    It is the kind of a finding, or what was expected. Names, numbers and quoted texts are left out.
    """
    finding = re.match(r"([a-z ]+), at ", observation)
    if finding:
        return finding[1]
    expected = observation.partition(", got ")[0]
    return re.sub(r"'[^']*'|\"[^\"]*\"|\b[\w.-]*\d[\w.-]*", "#", expected)


def broken_rules(failures: Sequence[Failure], protocol: Protocol) -> list[BrokenRule]:
    """Return the broken rules.

    MUSTs come first, and among them the rule that most failures break alone: mending it turns these green.
    """
    by_rule = {rule: tuple(one for one in failures if rule in one.observations) for rule in protocol.rules}
    alone = Counter(next(iter(one.observations)) for one in failures if len(one.observations) == 1)
    found = [BrokenRule(rule, protocol.rules[rule].level, ones, alone[rule]) for rule, ones in by_rule.items() if ones]
    return sorted(found, key=lambda one: (one.level is not Level.MUST, -one.alone, -len(one.failures)))


def advice(broken: Sequence[BrokenRule], failures: int) -> str | None:
    """Return which rule to mend first; None where nothing says so.

    `failures` is the number of all failures.
    """
    if not broken or len(broken) == 1 or not broken[0].alone:
        return None
    have = "has" if broken[0].alone == 1 else "have"
    return f"mend {broken[0].rule} first: {broken[0].alone} of {counted(failures, 'failure')} {have} no other"


def examples(broken: Sequence[BrokenRule]) -> list[Example]:
    """Return one failure for each broken rule and kind of fault.

    They stand in the order of the rules. A failure that shows several of them is returned once.
    """
    chosen: list[Example] = []
    shown: set[Cause] = set()
    for rule in broken:
        for cause in dict.fromkeys(one for failure in rule.failures for one in failure.causes if one[0] == rule.rule):
            if cause in shown:
                continue
            alike = [failure for failure in rule.failures if cause in failure.causes]
            best = min(alike, key=lambda one: (len(one.observations), cause[0] not in one.rules, len(one.text)))
            chosen.append(Example(best, len(alike) - 1))
            shown.update(best.causes)
    return chosen

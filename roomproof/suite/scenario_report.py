"""The report on the run of one scenario."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from roomproof.report.broken_rules import kind_of
from roomproof.verdict import Outcome

SHOWN_OBSERVATIONS = 3
"""Maximum number of observations against one rule in the result file. The failure text shows more."""


@dataclass(slots=True)
class ScenarioReport:
    """The report on the run of one scenario, filled in while the scenario runs."""

    rules: tuple[str, ...]
    """The rules that the scenario holds this target to."""
    is_applicable: bool = True
    completed: bool = False
    """Whether the scenario ran to its end."""
    broken: dict[str, list[str]] = field(default_factory=dict)
    """The observations against each broken rule."""
    consequences: dict[str, list[str]] = field(default_factory=dict)
    """The observations against rules that follow from broken rules: they do not tell whether these rules hold."""
    roots: dict[str, str] = field(default_factory=dict)
    """For each rule among the consequences, the broken rule from which it follows."""
    deviating: dict[str, list[str]] = field(default_factory=dict)
    """The observations against each broken rule that is a known deviation."""
    is_unplayed: bool = False
    """Whether the scenario could not be played, though the server broke no rule."""
    detail: str = ""
    """One line about the outcome."""
    trouble: str = ""
    """Why the run itself is not reliable; empty if it is."""
    is_our_error: bool = False
    """Whether an error of Roomproof or of a plugin ended the scenario: only its traceback tells more."""
    target_is_gone: bool = False
    """Whether the target stopped answering, so that further scenarios would find out nothing."""
    explanation: str = ""
    """The failure text."""
    logs: dict[str, list[str]] = field(default_factory=dict)
    """Lines logged by the parts of a topology that Roomproof started, by part."""

    def add(self, rule: str, observation: str, *, root: str | None = None) -> None:
        """Add an observation against a rule.

        `root` is the broken rule from which it follows; None for a root cause.
        """
        if root is None or rule in self.broken:
            self.broken.setdefault(rule, []).append(observation + _follows_from(root))
            return
        self.consequences.setdefault(rule, []).append(observation)
        self.roots.setdefault(rule, root)

    def set_apart(self, is_known: Callable[[str], bool]) -> None:
        """Set broken rules apart that are known deviations."""
        for observed in (self.broken, self.consequences):
            for rule in [rule for rule in observed if is_known(rule)]:
                self.deviating[rule] = observed.pop(rule)
                self.roots.pop(rule, None)

    def summary(self) -> str:
        """Return what was observed against each rule, in one line: root causes first."""
        observed = [*(self.broken | self.deviating).items(), *self.consequences.items()]
        return "; ".join(
            f"{rule}{_follows_from(self.roots.get(rule))}: {' | '.join(texts[:SHOWN_OBSERVATIONS])}"
            for rule, texts in observed
        )

    @property
    def untested(self) -> list[str]:
        """The rules about which the scenario found out nothing.

        Something else came in its way.
        """
        unplayed = self.rules if self.is_unplayed else ()
        found = self.broken | self.deviating
        return [rule for rule in dict.fromkeys((*self.consequences, *unplayed)) if rule not in found]

    def plain(self, outcome: Outcome) -> dict[str, Any]:
        """Return the report as strings and lists, which can travel between processes."""
        unheld = self.broken | self.deviating | self.consequences
        held = [rule for rule in self.rules if self.completed and rule not in unheld]
        return {
            "rules": list(self.rules),
            "outcome": str(outcome),
            "detail": self.detail,
            "held": [] if outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN) else held,
            "broken": list(self.broken),
            "observations": {rule: _one_of_each_kind(texts) for rule, texts in self.broken.items()},
            "consequences": dict(self.roots),
            "deviating": list(self.deviating),
            "untested": self.untested,
            "trouble": self.trouble,
            "is_our_error": self.is_our_error,
        }


def _one_of_each_kind(observations: list[str]) -> list[str]:
    """The first observation of each kind of fault."""
    return list({kind_of(one): one for one in reversed(observations)}.values())[::-1]


def _follows_from(root: str | None) -> str:
    """The mark of what follows from a broken rule; empty for a root cause."""
    return f" (follows from {root})" if root else ""


REPORT_KEY = pytest.StashKey[ScenarioReport]()
"""The key under which an item keeps its report."""

"""The report on the run of one scenario."""

from dataclasses import dataclass, field
from typing import Any

import pytest

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
    deviating: dict[str, list[str]] = field(default_factory=dict)
    """The observations against each broken rule that is a known deviation."""
    detail: str = ""
    """One line about the outcome."""
    trouble: str = ""
    """Why the run itself is not reliable; empty if it is."""
    target_is_gone: bool = False
    """Whether the target stopped answering, so that further scenarios would find out nothing."""
    explanation: str = ""
    """The failure text."""
    logs: dict[str, list[str]] = field(default_factory=dict)
    """Lines logged by the parts of a topology that Roomproof started, by part."""

    def add(self, rule: str, observation: str, *, first: bool = False) -> None:
        """Add an observation against a rule, as the last one or as the first."""
        observations = self.broken.setdefault(rule, [])
        observations.insert(0 if first else len(observations), observation)

    def summary(self) -> str:
        """Return what was observed against each rule, in one line."""
        observed = (self.broken | self.deviating).items()
        return "; ".join(f"{rule}: {' | '.join(texts[:SHOWN_OBSERVATIONS])}" for rule, texts in observed)

    def plain(self, outcome: Outcome) -> dict[str, Any]:
        """Return the report as strings and lists, which can travel between processes."""
        held = [rule for rule in self.rules if self.completed and rule not in self.broken | self.deviating]
        return {
            "rules": list(self.rules),
            "outcome": str(outcome),
            "detail": self.detail,
            "held": [] if outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN) else held,
            "broken": list(self.broken),
            "deviating": list(self.deviating),
            "trouble": self.trouble,
        }


REPORT_KEY = pytest.StashKey[ScenarioReport]()
"""The key under which an item keeps its report."""

"""The tally of a load run: findings counted, the first of each kind kept, times."""

from collections import Counter
from dataclasses import dataclass, field

from roomproof.judge.classification import Violation
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.frame_cache import DeliveryTimes

KEPT_TROUBLES = 5
"""Number of different troubles that are kept; the others are only counted."""

KEPT_FINDINGS = 100
"""Number of findings of each kind that are kept; the others are only counted."""


@dataclass(slots=True)
class Troubles:
    """Times that the dialect did not fit the service.

    Most of them are frames that nothing in it describes.
    """

    count: int = 0
    texts: list[str] = field(default_factory=list)
    """The first of them, each once."""

    def note(self, text: str) -> None:
        """Count a trouble, and keep it if it is one of the first."""
        self.count += 1
        if len(self.texts) < KEPT_TROUBLES and text not in self.texts:
            self.texts.append(text)


@dataclass(slots=True)
class Tally:
    """Counts and times of all rooms that share it.

    The lists grow until whoever reads them empties them; times are nanoseconds.
    """

    counts: Counter[Kind] = field(default_factory=Counter)
    """Number of findings by kind."""
    rules: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Number of findings by the rule that they break, and whether they are facts whatever the load."""
    violations: Counter[Violation] = field(default_factory=Counter)
    """Number of findings by kind and rule."""
    findings: list[Finding] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    """For each delivery of a message, the time since it was scheduled to be sent."""
    spent: list[DeliveryTimes] = field(default_factory=list)
    """Messages that every receiver has received."""
    untimed: int = 0
    """Number of messages that left the cache before every receiver had received them: their last receipt is unknown."""
    swamped: int = 0
    """Number of pauses of slow readers in which so much was sent to them that the server had to notice."""
    joins: list[int] = field(default_factory=list)
    """For each connection that sent nothing before it, the time from its opening to the evidence of membership."""

    troubles: Troubles = field(default_factory=Troubles)

    def note(self, finding: Finding) -> None:
        """Count a finding, and keep it if it is one of the first of its kind."""
        self.counts[finding.kind] += 1
        self.rules[finding.rule, finding.safety] += 1
        self.violations[finding.kind, finding.rule] += 1
        if self.counts[finding.kind] <= KEPT_FINDINGS:
            self.findings.append(finding)

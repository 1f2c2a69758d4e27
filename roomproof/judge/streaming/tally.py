"""What a run under load comes to: all findings counted, the first of each kind kept with their witnesses."""

from collections import Counter
from dataclasses import dataclass, field

from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.frame_cache import DeliveryTimes

KEPT_FINDINGS = 100
"""So many findings of each kind are kept; the others are counted."""


@dataclass(slots=True)
class Tally:
    """Counts of all rooms that were given this tally.

    `delivered` counts first copies of what was due or could come."""

    sent: int = 0
    delivered: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    rules: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Findings by the rule that they break, and whether they are facts whatever the load."""
    findings: list[Finding] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    """How long messages took, from when they were meant to be said, in nanoseconds: one for each delivery.

    Whoever wants to know takes them out from time to time, here and below."""
    spent: list[DeliveryTimes] = field(default_factory=list)
    """Messages that came to everybody, with when they came to the first and to the last receiver."""
    untimed: int = 0
    """Messages of which that is not known: they had to be forgotten while somebody was still to receive them."""
    swamped: int = 0
    """How often so much was due to somebody who did not read that the server had to notice it."""
    joins: list[int] = field(default_factory=list)
    """How long it took from an opening to the evidence of membership, in nanoseconds, where nothing was said before."""

    def note(self, finding: Finding) -> None:
        """Count a finding, and keep it if it is one of the first."""
        self.counts[finding.kind] += 1
        self.rules[finding.rule, finding.safety] += 1
        if self.counts[finding.kind] <= KEPT_FINDINGS:
            self.findings.append(finding)

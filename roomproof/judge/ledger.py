"""What a run under load comes to: all findings counted, the first of each kind kept with their witnesses."""

from collections import Counter
from dataclasses import dataclass, field

from roomproof.judge.findings import Finding, Kind

KEPT_FINDINGS = 100
"""So many findings of each kind are kept; the others are counted."""


@dataclass(slots=True)
class Ledger:
    """Counts of one room or, added up, of many. `delivered` counts first copies of what was due or could come."""

    sent: int = 0
    delivered: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def note(self, finding: Finding) -> None:
        """Count a finding, and keep it if it is one of the first."""
        self.counts[finding.kind] += 1
        if self.counts[finding.kind] <= KEPT_FINDINGS:
            self.findings.append(finding)

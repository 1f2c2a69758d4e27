"""Histories that are judged again."""

from collections.abc import Sequence

from roomproof.history import Deadline, Event
from roomproof.judge.findings import Finding
from roomproof.judge.offline.judge import judge


def is_complete(events: Sequence[Event]) -> bool:
    """Whether a history reaches its deadline, so that it can tell what is missing."""
    return any(isinstance(event, Deadline) for event in events)


def findings_of(events: Sequence[Event]) -> list[Finding]:
    """Return the findings of a history.

    What is missing from a history without a deadline can have arrived after its end. Raises HistoryError.
    """
    findings = judge(events)
    return findings if is_complete(events) else [finding for finding in findings if not finding.overdue]

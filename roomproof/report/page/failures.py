"""The failures of a run by rule, with their findings and charts. Pure."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from roomproof.history import Deadline, Event, HistoryError, Opening, Started
from roomproof.judge.findings import Finding
from roomproof.judge.offline.sorted_history import sort
from roomproof.report.page.sequence_chart import SHOWN_ROWS, SequenceChart, sequence_chart
from roomproof.report.rejudged import findings_of
from roomproof.report.saved_run import FindingLine, SavedRun, ScenarioLine
from roomproof.report.smallest import smallest
from roomproof.timeline import connection_names
from roomproof.verdict import Outcome

History = Callable[[SavedRun, str], Sequence[Event] | None]
"""Returns the history of a scenario in a run, or None if there is none. Raises HistoryError."""

SHOWN_FINDINGS = 3
"""Maximum number of findings shown of one scenario."""

FAILED = (Outcome.FAILED, Outcome.WARNED, Outcome.DEVIATING)
"""Outcomes of scenarios in which the server broke something."""

OTHER = "other failures"
"""The heading of failures without a broken rule, such as those of an expectation of a deviation file."""


MOST_JUDGED = 60_000
"""Maximum number of events that are judged to make one chart smaller."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding in one sentence, with a chart.

    The chart shows the smallest part of the history that has the finding, or the witness alone.
    """

    rule: str
    text: str
    chart: SequenceChart | None = None
    is_smallest: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A scenario, or a load run, in which something is broken."""

    name: str
    outcome: str
    detail: str
    follows_from: dict[str, str] = field(default_factory=dict)
    findings: list[ShownFinding] = field(default_factory=list)
    others: int = 0
    """Number of findings that are not shown."""
    last_events: SequenceChart | None = None
    """The end of the history, where the judge has no finding in it."""
    trouble: str = ""
    """Why the history could not be read; empty if it could."""
    rerun: str = ""
    """The command that runs the scenario again."""


@dataclass(frozen=True, slots=True)
class RuleFailures:
    """All failures whose first broken rule is this one.

    Those that are not `shown` have only their names, in `others`.
    """

    rule: str
    shown: list[Failure]
    others: list[str]


def failures_by_rule(saved: SavedRun, history: History, most: int) -> list[RuleFailures]:
    """Return the failures of a run of the suite, the rules with most failures first.

    `most` is the number of failures shown with their findings for each rule.
    """
    groups: dict[str, list[ScenarioLine]] = {}
    for line in saved.scenarios:
        if line.outcome in FAILED or line.broken:
            groups.setdefault(line.broken[0] if line.broken else OTHER, []).append(line)
    return [
        RuleFailures(rule, [_failure(saved, line, history) for line in lines[:most]], [one.id for one in lines[most:]])
        for rule, lines in sorted(groups.items(), key=lambda group: (group[0] == OTHER, -len(group[1]), group[0]))
    ]


def trimmed(groups: Sequence[RuleFailures], most: int) -> list[RuleFailures]:
    """Return failures of which only so many are shown for each rule."""
    return [
        replace(one, shown=one.shown[:most], others=[*(failure.name for failure in one.shown[most:]), *one.others])
        for one in groups
    ]


def _failure(saved: SavedRun, line: ScenarioLine, history: History) -> Failure:
    findings: list[ShownFinding] = []
    others, trouble = 0, ""
    last_events = None
    try:
        events = history(saved, line.id)
        if events is not None:
            found = findings_of(events)
            first = _first_of_each_rule(found)
            findings = [_shown(finding, events) for finding in first]
            others = len(found) - len(first)
            last_events = None if found else _end_of(events)
    except HistoryError as error:
        trouble = f"its history is not shown: {error}"
    return Failure(
        name=line.id,
        outcome=line.outcome,
        detail=line.detail,
        follows_from=line.follows_from,
        findings=findings,
        others=others,
        last_events=last_events,
        trouble=trouble,
        rerun=rerun_command(saved, line.id),
    )


def rerun_command(saved: SavedRun, scenario: str) -> str:
    """Return the command that runs one scenario again.

    It has no headers, because result files have none.
    """
    capabilities = [word for name in saved.run.capabilities for word in ("--capability", name)]
    return shlex.join(["roomproof", "verify", scenario, "--target", saved.run.target, *capabilities])


def _first_of_each_rule(findings: Sequence[Finding]) -> list[Finding]:
    return list({finding.rule: finding for finding in reversed(findings)}.values())[::-1][:SHOWN_FINDINGS]


def _shown(finding: Finding, events: Sequence[Event]) -> ShownFinding:
    names = connection_names(events)
    text = f"{finding.kind}, at {names.get(finding.receiver, f'#{finding.receiver}')}: {finding.full_text}"
    part = smallest(events, finding, MOST_JUDGED).events
    is_smallest = len(part) <= SHOWN_ROWS
    drawn = part if is_smallest else finding.witness
    chart = sequence_chart(text, drawn, names, sort(events).frames, _rooms(events), finding.witness)
    return ShownFinding(finding.rule, text, chart, is_smallest)


def _end_of(events: Sequence[Event]) -> SequenceChart | None:
    """Return a chart of the last events of a history; None if nobody did anything."""
    if all(isinstance(event, Started | Deadline) for event in events):
        return None
    drawn = events[-SHOWN_ROWS:]
    return sequence_chart("", drawn, connection_names(events), sort(events).frames, _rooms(events))


def _rooms(events: Sequence[Event]) -> dict[int, str]:
    return {event.connection: event.room for event in events if isinstance(event, Opening)}


def load_findings(saved: SavedRun) -> list[ShownFinding]:
    """Return the first findings of each rule of a load run."""
    groups: dict[str, list[FindingLine]] = {}
    for line in saved.findings:
        groups.setdefault(line.rule, []).append(line)
    return [_shown_line(line) for lines in groups.values() for line in lines[:SHOWN_FINDINGS]]


def _shown_line(line: FindingLine) -> ShownFinding:
    names = connection_names(line.witness)
    where = names.get(line.receiver, f"connection {line.receiver}")
    text = f"{line.finding}, at {where}: {line.text}" + (f"; {line.detail}" if line.detail else "")
    chart = sequence_chart(text, line.witness, names) if line.witness else None
    return ShownFinding(line.rule, text, chart)

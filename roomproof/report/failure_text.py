"""The text that explains a failed scenario."""

from collections.abc import Mapping, Sequence

from roomproof.history import Event
from roomproof.judge.findings import Finding
from roomproof.printable import escaped, printable, shortened
from roomproof.spec.rules import read_protocol
from roomproof.timeline import connection_names, reader_of, timeline

SHOWN_OBSERVATIONS = 10
"""Maximum number of observations shown for one rule."""

OBSERVATION_CHARACTERS = 600
"""Maximum number of characters shown of one observation."""


def finding_line(finding: Finding, events: Sequence[Event]) -> str:
    """Return a finding in one line: its kind, its receiver and its text."""
    receiver = connection_names(events).get(finding.receiver, f"#{finding.receiver}")
    return f"{finding.kind}, at {printable(receiver)}: {escaped(shortened(finding.full_text, OBSERVATION_CHARACTERS))}"


def failure_text(
    broken: Mapping[str, Sequence[str]],
    findings: Sequence[Finding],
    events: Sequence[Event],
    rerun_command: str,
    consequences: Mapping[str, Sequence[str]] | None = None,
    roots: Mapping[str, str] | None = None,
    request_again: str | None = None,
) -> str:
    """Explain why a scenario failed.

    Shows each broken rule with what was observed, what follows from it, the witnesses of the first finding, the
    timeline, and the command that runs the scenario again. `broken` and `consequences` map the ids of rules to the
    observations against them, and `roots` those of consequences to the broken rules from which they follow.
    `request_again` is the command that sends the HTTP request again which showed the failure.
    """
    lines = [line for rule_id, observations in broken.items() for line in _rule_lines(rule_id, observations)]
    for rule_id, observations in (consequences or {}).items():
        lines += [f"{rule_id} (follows from {(roots or {})[rule_id]}). What was seen:", *_shown(observations)]
    names = connection_names(events)
    zero = next((event.at for event in events if hasattr(event, "at")), 0)
    if findings and findings[0].witness:
        lines += ["", "The witnesses of the first finding:"]
        lines += timeline(findings[0].witness, zero=zero, names=names, read=reader_of(events))
    lines += ["", "What happened, in seconds (> sent, < received; --histories FOLDER keeps every event):"]
    lines += timeline(events, zero=zero, names=names) or ["    nothing was recorded"]
    if request_again:
        lines += ["", "Send the request again:", f"    {request_again}"]
    lines += ["", "Run just this scenario again:", f"    {rerun_command}"]
    return "\n".join(lines)


def _rule_lines(rule_id: str, observations: Sequence[str]) -> list[str]:
    rule = read_protocol().rules[rule_id]
    lines = [f"{rule_id} ({rule.level}) is broken. The rule:", f"    {rule.requirement}", "What was seen:"]
    return [*lines, *_shown(observations)]


def _shown(observations: Sequence[str]) -> list[str]:
    lines = [f"    {shortened(one, OBSERVATION_CHARACTERS)}" for one in observations[:SHOWN_OBSERVATIONS]]
    if len(observations) > SHOWN_OBSERVATIONS:
        lines.append(f"    ... and {len(observations) - SHOWN_OBSERVATIONS} more")
    return lines

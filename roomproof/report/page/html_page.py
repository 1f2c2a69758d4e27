"""The report as one HTML page, without scripts and without the network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Template

from roomproof.printable import counted
from roomproof.report.durations import duration
from roomproof.report.page.environment import environment
from roomproof.report.page.failures import History, RuleFailures, ShownFinding, failures_by_rule, load_findings, trimmed
from roomproof.report.page.line_chart import LineChart
from roomproof.report.page.load_charts import load_charts
from roomproof.report.page.outcome import conclusion_of, counts_text, reason_of, words
from roomproof.report.saved_run import RuleState, SavedRun
from roomproof.report.version import tool_version
from roomproof.spec.rules import Protocol
from roomproof.verdict import Standing

MAX_BYTES = 2_000_000
"""Maximum size of the page."""

FAILURES_SHOWN = (12, 6, 3, 1, 0)
"""Failures shown whole for each rule: the first number with which the page is not too large."""

MARKS = {
    Standing.HELD: "✓",
    Standing.BROKEN: "✗",
    Standing.WARNED: "!",
    Standing.DEVIATING: "~",
    Standing.UNTESTED: "?",
    Standing.NOT_APPLICABLE: "-",
}
"""A sign for each standing, so that nothing is said by colours alone."""

TIMES = {
    "deliver": "delivery",
    "last_recipient": "last receiver",
    "spread": "spread",
    "connect": "handshake",
    "join": "join",
}
"""The timings of load runs, and what they are called on the page."""

QUANTILES = ("p50", "p90", "p99", "p999", "max")


@dataclass(frozen=True, slots=True)
class Cell:
    """The state of a rule in one run."""

    mark: str
    text: str
    css: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule and its state in each run."""

    id: str
    level: str
    requirement: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Family:
    """The rules of a family. It `has_trouble` if one of them is broken somewhere."""

    name: str
    rows: list[RuleRow]
    summary: str
    has_trouble: bool


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run, as the page shows it."""

    saved: SavedRun
    conclusion: str
    reason: str
    counts: str
    failures: list[RuleFailures]
    findings: list[ShownFinding]


def html_page(runs: Sequence[SavedRun], history: History, protocol: Protocol) -> str:
    """Return the page about these runs. Raises ResultError for a damaged histogram."""
    charts = load_charts([run for run in runs if run.is_load])
    whole = [_shown_run(run, history, protocol) for run in runs]
    page = ""
    for most in FAILURES_SHOWN:
        page = _rendered([replace(run, failures=trimmed(run.failures, most)) for run in whole], protocol, charts)
        if len(page.encode()) <= MAX_BYTES:
            break
    return page


def _rendered(runs: Sequence[ShownRun], protocol: Protocol, charts: Sequence[LineChart]) -> str:
    return _template().render(
        runs=runs,
        families=_families(runs, protocol),
        charts=charts,
        loads=[one for one in runs if one.saved.is_load],
        times=TIMES,
        quantiles=QUANTILES,
        duration=duration,
        version=tool_version(),
        counted=counted,
    )


@cache
def _template() -> Template:
    return environment().get_template("report.html")


def _shown_run(saved: SavedRun, history: History, protocol: Protocol) -> ShownRun:
    return ShownRun(
        saved=saved,
        conclusion=conclusion_of(saved),
        reason=reason_of(saved),
        counts=counts_text(saved, protocol),
        failures=failures_by_rule(saved, history, FAILURES_SHOWN[0]),
        findings=load_findings(saved),
    )


def _families(runs: Sequence[ShownRun], protocol: Protocol) -> list[Family]:
    states = [run.saved.rules(protocol) for run in runs]
    seen = {rule: state for one in reversed(states) for rule, state in one.items()}
    order = [*protocol.rules, *(rule for rule in seen if rule not in protocol.rules)]
    families: dict[str, list[RuleRow]] = {}
    for rule in order:
        known = protocol.rules.get(rule)
        families.setdefault(rule.partition("-")[0].lower(), []).append(
            RuleRow(
                id=rule,
                level=known.level if known else seen[rule].level,
                requirement=known.requirement if known else "a rule that this version of Roomproof does not know",
                cells=[
                    _cell(rule, one.get(rule), run, number)
                    for number, (run, one) in enumerate(zip(runs, states, strict=True), start=1)
                ],
            )
        )
    return [_family(name, rows) for name, rows in families.items()]


def _family(name: str, rows: list[RuleRow]) -> Family:
    texts = Counter(cell.css for row in rows for cell in row.cells)
    summary = ", ".join(f"{count} {css.replace('_', ' ')}" for css, count in texts.most_common())
    return Family(name, rows, summary, any(texts[one] for one in ("broken", "warned", "deviating")))


def _cell(rule: str, state: RuleState | None, run: ShownRun, number: int) -> Cell:
    if state is None:
        return Cell("·", "unknown", "unknown")
    text = words(state.outcome)
    scenarios = len(run.saved.broken_in(rule))
    if scenarios:
        text += f" in {counted(scenarios, 'scenario')}"
    place = next((index for index, one in enumerate(run.failures, start=1) if one.rule == rule), None)
    return Cell(MARKS[state.outcome], text, state.outcome, f"failures-{number}-{place}" if place else "")

"""The report as Markdown, for a pull request or the summary of a job. Pure."""

import re
from collections.abc import Sequence
from functools import cache

from jinja2 import Template

from roomproof.printable import counted
from roomproof.report.durations import duration
from roomproof.report.page.environment import environment, shown
from roomproof.report.page.html_page import MARKS
from roomproof.report.page.outcome import conclusion_of, counts_text, reason_of, words
from roomproof.report.saved_run import RuleState, SavedRun
from roomproof.spec.rules import Protocol
from roomproof.verdict import Standing

SHOWN_RULES = 40
"""Maximum number of rules in the table."""

SHOWN_CHARACTERS = 300
"""Maximum number of characters of one value."""

TROUBLE = (Standing.BROKEN, Standing.WARNED, Standing.DEVIATING)

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
"""Characters that Markdown can give a meaning within a line: no value stands at the beginning of one."""

_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->", "#": "#<!-- -->", "\n": " "}
"""Replacements of characters of HTML, of line breaks, and of signs that would name users or issues."""


def markdown(runs: Sequence[SavedRun], protocol: Protocol) -> str:
    """Return the text.

    It has the verdicts, the rules that are broken somewhere, and the times of load runs.
    """
    states = [run.rules(protocol) for run in runs]
    troubled = [rule for rule in _order(states, protocol) if any(_is_trouble(one.get(rule)) for one in states)]
    return _template().render(
        runs=runs,
        conclusion_of=conclusion_of,
        reason_of=reason_of,
        counts=[counts_text(run, protocol) for run in runs],
        rules=[(rule, [_cell(one.get(rule)) for one in states], _example(rule, runs)) for rule in troubled],
        most=SHOWN_RULES,
        loads=[run for run in runs if run.is_load and run.verdict],
        duration=duration,
        counted=counted,
    )


def markdown_text(value: object) -> object:
    """Return a value as text in which nothing is Markdown, HTML or a mention."""
    if not isinstance(value, str):
        return value
    text = str(shown(value))
    text = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
    return "".join(_MARKUP.get(one, one) for one in _SPECIAL.sub(r"\\\1", text))


@cache
def _template() -> Template:
    return environment().overlay(autoescape=False, finalize=markdown_text).get_template("report.md")


def _order(states: Sequence[dict[str, RuleState]], protocol: Protocol) -> list[str]:
    return list(dict.fromkeys([*protocol.rules, *(rule for one in states for rule in one)]))


def _is_trouble(state: RuleState | None) -> bool:
    return state is not None and state.outcome in TROUBLE


def _cell(state: RuleState | None) -> str:
    return f"{MARKS[state.outcome]} {words(state.outcome)}" if state else "unknown"


def _example(rule: str, runs: Sequence[SavedRun]) -> str:
    """Return the first observation against a rule, and the number of its scenarios."""
    scenarios = [line for run in runs for line in run.broken_in(rule)]
    if scenarios:
        return f"{scenarios[0].detail} ({counted(len(scenarios), 'scenario')})"
    return next((line.text for run in runs for line in run.findings if line.rule == rule), "")

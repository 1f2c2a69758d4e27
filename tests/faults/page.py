"""SUITE.md: why to believe a green run. `python -m tests.faults.page` writes it; a test checks that it is current.

Everything on the page is what `tox -e faults` and the null servers' tests hold the suite to: they fail where the page
names a rule that the suite does not find.
"""

from pathlib import Path

from roomproof.spec.rules import load
from tests.faults.catalogue import FAULTS
from tests.faults.coverage import all_faults, scenario_rules
from tests.faults.nulls import EXPECTED
from tests.topologies.catalogue import TOPOLOGY_FAULTS

PAGE = Path(__file__).parents[2] / "SUITE.md"

HEAD = """\
# Why to believe a green run

<!-- Written by `python -m tests.faults.page`. Do not edit. -->

A conformance suite is worth what it notices. Roomproof's own tests run the suite against servers that are right but for
one planted fault, and against servers that do nothing. `tox -e faults` and `tox -e topologies` fail unless every fault
is found *by the rule that it was planted against*, in every run, and unless what has no fault holds every rule.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_matrix(), "", *_topologies(), "", *_floor(), "", *_coverage(), ""])


def _matrix() -> list[str]:
    lines = [f"## The kill matrix: {len(FAULTS)} planted faults", ""]
    lines += ["| fault | what it does | must be found by | shown as |", "|---|---|---|---|"]
    for fault in FAULTS.values():
        lines.append(f"| {fault.name} | {fault.text} | {fault.breaks} | {fault.shows or 'an expectation that fails'} |")
    return lines


def _topologies() -> list[str]:
    lines = [f"## Faults that only several instances can have: {len(TOPOLOGY_FAULTS)} more", ""]
    lines += ["| fault | topology | what it does | must be found by |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.topology} | {one.text} | {one.breaks} |" for one in TOPOLOGY_FAULTS.values()]
    return lines


def _floor() -> list[str]:
    lines = ["## The floor: servers that do nothing", "", "None of them passes a single MUST."]
    lines += ["", "| server | verdict |", "|---|---|"]
    lines += [f"| {name} | {conclusion} |" for name, conclusion in EXPECTED.items()]
    return lines


def _coverage() -> list[str]:
    by_rule: dict[str, list[str]] = {}
    for scenario, rules in scenario_rules().items():
        for rule_id in rules:
            by_rule.setdefault(rule_id, []).append(scenario)
    lines = ["## Rules, scenarios, faults", "", "| rule | level | scenarios | faults |", "|---|---|---|---|"]
    for rule in load().rules.values():
        level = f"{rule.level}, `{rule.capability}`" if rule.capability else rule.level
        scenarios = "<br>".join(f"`{name}`" for name in by_rule.get(rule.id, []))
        faults = "<br>".join(fault.name for fault in all_faults() if fault.breaks == rule.id)
        lines.append(f"| {rule.id} | {level} | {scenarios} | {faults} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")

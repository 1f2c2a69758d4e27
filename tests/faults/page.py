"""The text of SUITE.md, which `python -m tests.faults.page` writes.

A test checks that the file is current.
`tox -e faults`, `tox -e topologies` and the tests of null servers hold the suite to everything on the page.
"""

from pathlib import Path

from roomproof.spec.rules import read_protocol
from tests.faults.catalogue import FAULTS
from tests.faults.coverage import all_faults, scenario_rules
from tests.faults.nulls import EXPECTED
from tests.topologies.catalogue import TOPOLOGY_FAULTS

PAGE = Path(__file__).parents[2] / "SUITE.md"

HEAD = """\
# Why to believe a green run

<!-- Written by `python -m tests.faults.page`. Do not edit. -->

A conformance suite is worth what it notices. Roomproof's own tests run the suite against servers that are correct
except for one planted fault, and against servers that do nothing. `tox -e faults` and `tox -e topologies` fail unless:

- the suite finds every fault *by the rule that the fault was planted against*, in every run;
- servers and topologies without a fault hold every rule.

`tox -e matrix` runs the whole suite against every fault of the first table. It fails unless every other rule that a
fault breaks is listed below with the reason, and every listed one is broken.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join(
        [HEAD, *_matrix(), "", *_other_rules(), "", *_topologies(), "", *_null_servers(), "", *_coverage(), ""]
    )


def _matrix() -> list[str]:
    lines = [f"## The kill matrix: {len(FAULTS)} faults of a single server", ""]
    lines += ["| fault | what it does | found by | shown as |", "|---|---|---|---|"]
    for fault in FAULTS.values():
        lines.append(f"| {fault.name} | {fault.text} | {fault.breaks} | {fault.shows or 'a failed expectation'} |")
    return lines


def _other_rules() -> list[str]:
    lines = ["## The other rules that these faults break", "", "| fault | also breaks | because |", "|---|---|---|"]
    for fault in FAULTS.values():
        lines += [f"| {fault.name} | {rule} | {reason} |" for rule, reason in fault.also.items()]
        lines += [f"| {fault.name} | {rule}, in some runs | {reason} |" for rule, reason in fault.perhaps.items()]
    return lines


def _topologies() -> list[str]:
    lines = [f"## Faults that need several instances: {len(TOPOLOGY_FAULTS)} more", ""]
    lines += ["| fault | topology | what it does | found by |", "|---|---|---|---|"]
    lines += [
        f"| {fault.name} | {fault.topology} | {fault.text} | {fault.breaks} |" for fault in TOPOLOGY_FAULTS.values()
    ]
    return lines


def _null_servers() -> list[str]:
    lines = ["## Servers that do nothing", "", "Each run ends with the preflight, and no MUST holds."]
    lines += ["", "| server | verdict |", "|---|---|"]
    lines += [f"| {name} | {conclusion} |" for name, conclusion in EXPECTED.items()]
    return lines


def _coverage() -> list[str]:
    by_rule: dict[str, list[str]] = {}
    for scenario, rules in scenario_rules().items():
        for rule_id in rules:
            by_rule.setdefault(rule_id, []).append(scenario)
    lines = ["## Rules, scenarios, faults", "", "| rule | level | scenarios | faults |", "|---|---|---|---|"]
    for rule in read_protocol().rules.values():
        level = f"{rule.level}, `{rule.capability}`" if rule.capability else rule.level
        scenarios = "<br>".join(f"`{name}`" for name in by_rule.get(rule.id, []))
        faults = "<br>".join(fault.name for fault in all_faults() if fault.breaks == rule.id)
        lines.append(f"| {rule.id} | {level} | {scenarios} | {faults} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")

"""The commands `roomproof rules` and `roomproof explain`."""

import sys
import textwrap
from collections.abc import Iterable

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.spec.rules import Rule, read_protocol
from roomproof.suite.paths import scenarios_folder
from roomproof.suite.scenario_list import scenarios_by_rule

WIDTH = 100
"""Maximum number of characters in a line."""


def list_rules(words: Iterable[str]) -> int:
    """Print a line for each rule, or for those of the families named.

    Returns the exit code, which is that of a usage error for an unknown family.
    """
    protocol = read_protocol()
    families = {rule.family: None for rule in protocol.rules.values()}
    wanted = [word.lower() for word in words] or list(families)
    for name in wanted:
        if name not in families:
            print(f"roomproof rules: expected a family ({', '.join(families)}), got {name!r}", file=sys.stderr)
            return USAGE_ERROR
    for rule in protocol.rules.values():
        if rule.family in wanted:
            print(_line(rule))
    return 0


def _line(rule: Rule) -> str:
    head = f"{rule.id:<15} {rule.level:<7}"
    return head + textwrap.shorten(rule.requirement, WIDTH - len(head), placeholder=" ...")


def explain(ids: Iterable[str]) -> int:
    """Print rules whole, with the scenarios that test them.

    Returns the exit code, which is that of a usage error for an unknown id.
    """
    protocol = read_protocol()
    names = list(ids)
    for name in names:
        if why := protocol.why_unknown(name):
            print(f"roomproof explain: {why}", file=sys.stderr)
            return USAGE_ERROR
    rules, tested_by = protocol.rules, scenarios_by_rule(scenarios_folder())
    print("\n\n".join(_text(rules[name.upper()], tested_by.get(name.upper(), [])) for name in names))
    return 0


def _text(rule: Rule, scenarios: list[str]) -> str:
    heading = f"{rule.id}, {rule.level}"
    if rule.capability:
        heading += f", of servers that declare the capability {rule.capability}"
    parts = [heading, textwrap.fill(rule.requirement, WIDTH)]
    if rule.exceptions:
        points = (textwrap.fill(one, WIDTH, initial_indent="- ", subsequent_indent="  ") for one in rule.exceptions)
        parts.append("\n".join(["Exceptions:", *points]))
    if rule.note:
        parts.append(textwrap.fill(f"Note: {rule.note}", WIDTH))
    if scenarios:
        parts.append("\n".join(["Tested by:", *(f"  {name}" for name in scenarios)]))
        parts.append(f"Test it: roomproof verify --rule {rule.id} --target http://HOST:PORT")
    return "\n\n".join(parts)

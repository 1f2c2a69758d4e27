"""Which scenarios and rules apply to the target."""

from collections.abc import Collection
from typing import NoReturn

import pytest

from roomproof.spec.rules import Capability, Need, read_protocol
from roomproof.suite.declared_target import DeclaredTarget
from roomproof.suite.scenario_report import REPORT_KEY

TOPOLOGY_CAPABILITIES = {Capability.STICKY, Capability.PUBSUB}
"""Capabilities whose rules come in pairs: one says for `pubsub` what the other says for `sticky`."""


def applicable_rules(rules: tuple[str, ...], target: DeclaredTarget) -> tuple[str, ...]:
    """Return the rules that can apply to the target, or all if none can.

    Left out are the rules of topologies that it does not declare, and the rules that need what the service lacks.
    """
    undeclared = TOPOLOGY_CAPABILITIES - target.capabilities.keys()
    known = read_protocol().rules
    return (
        tuple(
            rule
            for rule in rules
            if known[rule].capability not in undeclared and known[rule].needs.isdisjoint(target.without)
        )
        or rules
    )


def why_inapplicable(item: pytest.Item, rules: tuple[str, ...], target: DeclaredTarget) -> str | None:
    """Return why a scenario of these rules does not apply to the target, or None."""
    declared = target.capabilities
    needed = {read_protocol().rules[rule].capability for rule in rules} - {None}
    marked = {mark.args[0] for mark in item.iter_markers("needs")}
    needed |= {one for one in marked if isinstance(one, Capability)}
    missing = sorted(str(capability) for capability in needed if capability not in declared)
    if missing:
        return f"the target does not declare {', '.join(missing)}"
    needs = {need for rule in rules for need in read_protocol().rules[rule].needs} | (marked - needed)
    if why := why_lacking(needs, target):
        return why
    if item.get_closest_marker("several_clients") and not target.has_several_clients:
        return "all clients have one address; a target file can give source_addresses or affinity"
    if item.get_closest_marker("breaks_parts") and not target.can_break:
        return "only parts that Roomproof started are broken; see --topology"
    excluded = [str(mark.args[0]) for mark in item.iter_markers("unless") if mark.args[0] in declared]
    return f"the target declares {', '.join(excluded)}" if excluded else None


def why_lacking(needs: Collection[Need], target: DeclaredTarget) -> str | None:
    """Return a sentence if the service lacks something that is needed, or None."""
    lacking = sorted(target.without.intersection(needs))
    return f"the service has no {', '.join(lacking)}" if lacking else None


def skip_as_inapplicable(item: pytest.Item, reason: str) -> NoReturn:
    """Skip a scenario that does not apply to the target. Its report says so."""
    report = item.stash[REPORT_KEY]
    report.is_applicable = False
    report.detail = f"not applicable: {reason}"
    pytest.skip(report.detail)

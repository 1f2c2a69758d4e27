"""Rules, scenarios, faults and kinds of findings cover each other."""

import pytest

from roomproof.judge.findings import Kind
from roomproof.spec.rules import ProtocolError
from roomproof.suite.marks import rule
from tests.faults import coverage
from tests.faults.catalogue import FAULTS


def test_every_rule_has_a_scenario() -> None:
    assert coverage.rules_without_scenario() == set()


def test_every_scenario_has_a_rule() -> None:
    assert coverage.scenarios_without_rule() == set()


def test_scenarios_of_several_rules_name_them_in_failures() -> None:
    assert coverage.failures_without_rule() == set()


def test_every_rule_has_a_fault() -> None:
    assert coverage.rules_without_fault() == set()


def test_every_fault_names_a_rule() -> None:
    assert coverage.faults_without_rule() == set()


ONLY_LOAD_SHOWS = {Kind.HELD_UP}
"""Kinds of findings that only a load run shows: their faults are in tests/load/test_faults.py."""


def test_every_kind_of_finding_has_a_fault() -> None:
    assert {fault.shows for fault in FAULTS.values()} - {None} == set(Kind) - ONLY_LOAD_SHOWS


@pytest.mark.parametrize("ids", [("DELIVER-99",), ("DELIVER-1", "deliver-2"), ()])
def test_a_scenario_can_name_existing_rules_only(ids: tuple[str, ...]) -> None:
    with pytest.raises(ProtocolError, match="has no rule"):
        rule(*ids)

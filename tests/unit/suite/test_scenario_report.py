"""A scenario report travels from a worker as plain values."""

import json

import pytest

from roomproof.suite.scenario_report import SHOWN_OBSERVATIONS, ScenarioReport
from roomproof.verdict import Outcome


def report() -> ScenarioReport:
    found = ScenarioReport(("A-1", "A-2", "A-3", "C-1"), completed=True, deviating={"A-2": ["known"]})
    found.add("B-1", "first")
    found.add("C-1", "also", root="B-1")
    return found


def test_it_travels_as_json() -> None:
    plain = report().plain(Outcome.FAILED)

    assert json.loads(json.dumps(plain)) == plain
    assert (plain["held"], plain["broken"], plain["deviating"]) == (["A-1", "A-3"], ["B-1"], ["A-2"])
    assert (plain["untested"], plain["consequences"]) == (["C-1"], {"C-1": "B-1"})


@pytest.mark.parametrize("outcome", [Outcome.NOT_APPLICABLE, Outcome.NOT_RUN])
def test_a_scenario_that_did_not_run_holds_nothing(outcome: Outcome) -> None:
    assert report().plain(outcome)["held"] == []


def test_the_summary_has_some_observations_of_each_rule() -> None:
    found = report()
    for number in range(SHOWN_OBSERVATIONS):
        found.add("B-1", str(number))

    assert found.summary() == "B-1: first | 0 | 1; A-2: known; C-1 (follows from B-1): also"


def test_a_consequence_beside_a_fault_of_its_rule_is_broken() -> None:
    found = ScenarioReport(("A-1",))
    found.add("A-1", "first")
    found.add("A-1", "second", root="B-1")

    assert found.broken == {"A-1": ["first", "second (follows from B-1)"]}
    assert found.untested == []


def test_an_unplayed_scenario_leaves_its_rules_untested() -> None:
    found = ScenarioReport(("A-1", "A-2"), is_unplayed=True)
    found.add("A-2", "seen")

    assert found.untested == ["A-1"]

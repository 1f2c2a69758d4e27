"""A scenario report travels from a worker as plain values."""

import json

import pytest

from roomproof.suite.scenario_report import SHOWN_OBSERVATIONS, ScenarioReport
from roomproof.verdict import Outcome


def report() -> ScenarioReport:
    found = ScenarioReport(("A-1", "A-2", "A-3"), completed=True, deviating={"A-2": ["known"]})
    found.add("B-1", "second")
    found.add("B-1", "first", first=True)
    return found


def test_it_travels_as_json() -> None:
    plain = report().plain(Outcome.FAILED)

    assert json.loads(json.dumps(plain)) == plain
    assert (plain["held"], plain["broken"], plain["deviating"]) == (["A-1", "A-3"], ["B-1"], ["A-2"])


@pytest.mark.parametrize("outcome", [Outcome.NOT_APPLICABLE, Outcome.NOT_RUN])
def test_a_scenario_that_did_not_run_holds_nothing(outcome: Outcome) -> None:
    assert report().plain(outcome)["held"] == []


def test_the_summary_has_some_observations_of_each_rule() -> None:
    found = report()
    for number in range(SHOWN_OBSERVATIONS):
        found.add("B-1", str(number))

    assert found.summary() == "B-1: first | second | 0; A-2: known"

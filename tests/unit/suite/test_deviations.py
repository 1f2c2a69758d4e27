"""A deviation that matches nothing, or is over, is complained about."""

import pytest

from roomproof.suite.deviations import Deviation, stale_deviations
from roomproof.verdict import Outcome, ScenarioResult

RULES = ("A-1", "A-2")

HELD = ScenarioResult("s", ("A-1",), Outcome.PASSED, held=("A-1",))
DEVIATING = ScenarioResult("s", ("A-1",), Outcome.DEVIATING, deviating=("A-1",))
NOT_RUN = ScenarioResult("s", ("A-1",), Outcome.NOT_RUN)

OF_RULE = Deviation("slow", rule="A-1")
OF_SCENARIO = Deviation("slow", scenario="s")

OVER = "is over, so remove it: the server no longer deviates"
NO_MATCH = "matches no rule and no scenario"


@pytest.mark.parametrize(
    ("deviation", "result", "partial", "complaint"),
    [
        pytest.param(OF_RULE, DEVIATING, False, None, id="a rule that deviates"),
        pytest.param(OF_SCENARIO, DEVIATING, False, None, id="a scenario that deviates"),
        pytest.param(OF_RULE, HELD, False, OVER, id="a rule that is held"),
        pytest.param(OF_RULE, HELD, True, None, id="a rule that is held by a partial run"),
        pytest.param(OF_RULE, NOT_RUN, False, None, id="a rule that was not tested"),
        pytest.param(OF_SCENARIO, HELD, True, OVER, id="a scenario that passes"),
        pytest.param(OF_SCENARIO, NOT_RUN, True, None, id="a scenario that was not run"),
        pytest.param(Deviation("x", rule="B-9"), HELD, True, NO_MATCH, id="an unknown rule"),
        pytest.param(Deviation("x", scenario="t"), HELD, False, NO_MATCH, id="an unknown scenario"),
        pytest.param(Deviation("x", scenario="t"), HELD, True, None, id="a scenario unknown to a partial run"),
    ],
)
def test_stale_deviations_are_named(
    deviation: Deviation, result: ScenarioResult, partial: bool, complaint: str | None
) -> None:
    expected = [f"the deviation of {deviation.name} {complaint}"] if complaint else []

    assert stale_deviations([deviation], RULES, [result], partial=partial) == expected


def test_a_run_without_results_decides_nothing() -> None:
    assert stale_deviations([Deviation("x", rule="B-9")], RULES, [], partial=False) == []

"""The verdict follows from the outcomes of scenarios."""

import pytest

from roomproof.spec.rules import Capability, Need, Protocol, parse
from roomproof.verdict import Conclusion, Outcome, ScenarioResult, Standing, conclude, outcome_of

PROTOCOL: Protocol = parse("""Version: 1.0
### A-1 · MUST
*Requirement.* First.
### A-2 · MUST
*Requirement.* Second.
### B-1 · SHOULD
*Requirement.* Third.
### C-1 · MUST · capability `ping`
*Requirement.* Fourth.
### D-1 · MAY
*Requirement.* Fifth.
""")


def ran(*held: str, broken: tuple[str, ...] = ()) -> ScenarioResult:
    return ScenarioResult("s", (*held, *broken), outcome_of(broken, PROTOCOL), held=held, broken=broken)


ALL = [ran("A-1"), ran("A-2"), ran("B-1"), ran("D-1")]


def test_a_server_that_holds_everything_is_valid() -> None:
    verdict = conclude(PROTOCOL, ALL, [])

    assert (verdict.conclusion, verdict.exit_code) == (Conclusion.VALID, 0)
    assert verdict.rules["A-1"] is Standing.HELD
    assert verdict.rules["C-1"] is Standing.NOT_APPLICABLE


def test_the_number_of_held_musts_is_counted() -> None:
    one = conclude(PROTOCOL, [ran("A-1")], [], partial=True)
    two = conclude(PROTOCOL, ALL, [])

    assert one.reason == "the server holds the 1 MUST that was tested"
    assert two.reason == "the server holds all of the 2 MUSTs that were tested"


def test_a_broken_must_is_invalid_and_named() -> None:
    verdict = conclude(PROTOCOL, [*ALL, ran("A-1", broken=("A-2",))], [])

    assert (verdict.conclusion, verdict.exit_code) == (Conclusion.INVALID, 1)
    assert "A-2" in verdict.reason
    assert verdict.rules["A-2"] is Standing.BROKEN


def test_a_broken_should_is_warned_and_valid() -> None:
    verdict = conclude(PROTOCOL, [*ALL, ran(broken=("B-1",))], [])

    assert verdict.conclusion is Conclusion.VALID
    assert "B-1" in verdict.reason
    assert verdict.rules["B-1"] is Standing.WARNED


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(ScenarioResult("s", ("A-1",), Outcome.DEVIATING, deviating=("A-1",)), id="deviating"),
        pytest.param(ran(broken=("B-1",)), id="warned"),
    ],
)
def test_a_partial_run_that_only_deviates_or_warns_is_valid(result: ScenarioResult) -> None:
    verdict = conclude(PROTOCOL, [result], [], partial=True)

    assert verdict.conclusion is Conclusion.VALID
    assert "was not seen to hold any MUST" in verdict.reason


def test_a_must_that_nothing_exercised_is_inconclusive() -> None:
    verdict = conclude(PROTOCOL, ALL[1:], [])

    assert (verdict.conclusion, verdict.exit_code) == (Conclusion.INCONCLUSIVE, 3)
    assert "A-1" in verdict.reason


def test_a_declared_but_untested_capability_is_inconclusive() -> None:
    assert conclude(PROTOCOL, ALL, [Capability.PING]).conclusion is Conclusion.INCONCLUSIVE


def test_a_partial_run_judges_what_ran() -> None:
    verdict = conclude(PROTOCOL, ALL[:1], [], partial=True)

    assert (verdict.conclusion, verdict.partial) == (Conclusion.VALID, True)
    assert verdict.rules["A-2"] is Standing.UNTESTED


@pytest.mark.parametrize("partial", [True, False])
def test_a_run_that_exercised_nothing_is_inconclusive(partial: bool) -> None:
    skipped = ScenarioResult("s", ("C-1",), Outcome.NOT_APPLICABLE)

    assert conclude(PROTOCOL, [], [], partial=partial).conclusion is Conclusion.INCONCLUSIVE
    assert conclude(PROTOCOL, [skipped], [], partial=partial).conclusion is Conclusion.INCONCLUSIVE


def test_trouble_is_inconclusive() -> None:
    verdict = conclude(PROTOCOL, ALL, [], trouble="the target stopped answering")

    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCONCLUSIVE, "the target stopped answering")


def test_trouble_does_not_excuse_a_broken_must() -> None:
    assert conclude(PROTOCOL, ALL, [], trouble="t", broken=["A-1"]).conclusion is Conclusion.INVALID


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        ((), Outcome.PASSED),
        (("A-1",), Outcome.FAILED),
        (("B-1",), Outcome.WARNED),
        (("B-1", "A-2"), Outcome.FAILED),
        (("D-1",), Outcome.WARNED),
    ],
)
def test_the_outcome_follows_the_level(broken: tuple[str, ...], outcome: Outcome) -> None:
    assert outcome_of(broken, PROTOCOL) is outcome


def skipped(*rules: str) -> ScenarioResult:
    return ScenarioResult("s", rules, Outcome.NOT_APPLICABLE)


def test_a_rule_whose_scenarios_never_apply_is_not_applicable() -> None:
    """Its capability is declared, but all its scenarios are skipped as not applicable."""
    verdict = conclude(PROTOCOL, [*ALL, skipped("C-1")], [Capability.PING])

    assert (verdict.conclusion, verdict.rules["C-1"]) == (Conclusion.VALID, Standing.NOT_APPLICABLE)


def test_a_deviation_seen_elsewhere_is_no_skipped_rule() -> None:
    """All scenarios of A-1 need what is lacking, and another one sees A-1 broken."""
    seen = ScenarioResult("t", ("A-2",), Outcome.DEVIATING, deviating=("A-1",))
    verdict = conclude(PROTOCOL, [*ALL[1:], skipped("A-1"), seen], [], without=[Need.ECHO])

    assert (verdict.conclusion, verdict.rules["A-1"]) == (Conclusion.VALID, Standing.DEVIATING)


def test_a_rule_with_one_applicable_scenario_is_untested() -> None:
    """One scenario is not applicable, and the other one fails for other rules."""
    other = ScenarioResult("t", ("C-1",), Outcome.FAILED)
    verdict = conclude(PROTOCOL, [*ALL, skipped("C-1"), other], [Capability.PING])

    assert (verdict.conclusion, verdict.rules["C-1"]) == (Conclusion.INCONCLUSIVE, Standing.UNTESTED)


def test_a_rule_without_capability_is_always_applicable() -> None:
    verdict = conclude(PROTOCOL, [ran("A-1"), skipped("A-2")], [])

    assert (verdict.conclusion, verdict.rules["A-2"]) == (Conclusion.INCONCLUSIVE, Standing.UNTESTED)


def test_a_rule_whose_only_failures_are_consequences_is_untested() -> None:
    follows = ScenarioResult("s", ("A-2",), Outcome.FAILED, broken=("A-1",), untested=("A-2",))

    verdict = conclude(PROTOCOL, [*ALL, follows], [])

    assert (verdict.rules["A-1"], verdict.rules["A-2"]) == (Standing.BROKEN, Standing.UNTESTED)


def test_a_consequence_hides_no_fault_of_another_scenario() -> None:
    follows = ScenarioResult("s", ("A-2",), Outcome.FAILED, broken=("A-1",), untested=("A-2",))

    assert conclude(PROTOCOL, [*ALL, follows, ran(broken=("A-2",))], []).rules["A-2"] is Standing.BROKEN


def test_a_scenario_that_could_not_be_played_is_inconclusive() -> None:
    unplayed = ScenarioResult("s", ("A-1",), Outcome.FAILED, untested=("A-1",))

    verdict = conclude(PROTOCOL, [*ALL, unplayed], [], trouble="s could not be played")

    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCONCLUSIVE, "s could not be played")
    assert verdict.rules["A-1"] is Standing.UNTESTED

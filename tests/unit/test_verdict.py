"""The verdict follows from the outcomes of scenarios."""

from typing import Any

import pytest

from roomproof.spec.rules import Capability, Need, Protocol, parse
from roomproof.verdict import (
    Conclusion,
    Expressible,
    Outcome,
    ScenarioResult,
    Standing,
    Verdict,
    conclude,
    outcome_of,
)

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
    """All scenarios of A-1 need what the service lacks; another one sees it broken."""
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


IN_NEED = parse("""Version: 1.0
### A-1 · MUST
*Requirement.* First.
### A-2 · MUST · needs echo
*Requirement.* Second.
### A-3 · MUST
*Requirement.* Third.
### B-1 · SHOULD · needs notices
*Requirement.* Fourth.
""")

SKIPPED = ScenarioResult("t", ("A-3",), Outcome.NOT_APPLICABLE)
SHARE = "the dialect chat.toml without echo can express 1 of the 3 MUSTs of PROTOCOL.md"


def told(*results: ScenarioResult, **more: Any) -> Verdict:
    return conclude(IN_NEED, results, [], dialect="chat.toml", without=[Need.ECHO], **more)


def test_every_verdict_says_how_much_a_dialect_can_express() -> None:
    valid = told(ran("A-1"), SKIPPED)
    invalid = told(ran(broken=("A-1",)), SKIPPED)
    inconclusive = told(ran("A-1"), SKIPPED, trouble="the target stopped answering")

    assert [one.reason.endswith(f"; {SHARE}") for one in (valid, invalid, inconclusive)] == [True, True, True]
    assert [one.conclusion for one in (valid, invalid, inconclusive)] == list(Conclusion)
    assert valid.expressible == Expressible("chat.toml", ("echo",), 1, 3)
    assert (valid.rules["A-2"], valid.rules["A-3"]) == (Standing.NOT_APPLICABLE, Standing.NOT_APPLICABLE)


def test_a_dialect_that_lacks_nothing_says_so() -> None:
    verdict = conclude(IN_NEED, [ran("A-1", "A-2"), SKIPPED], [], dialect="chat.toml")

    assert verdict.conclusion is Conclusion.VALID
    assert verdict.reason.endswith("; the dialect chat.toml can express 2 of the 3 MUSTs of PROTOCOL.md")


def test_a_service_that_lacks_something_is_no_dialect() -> None:
    verdict = conclude(IN_NEED, [ran("A-1", "A-3")], [], without=[Need.ECHO, Need.NOTICES])

    assert "; a service without echo, notices can express 2 of the 3 MUSTs" in verdict.reason


def test_the_native_protocol_needs_no_number() -> None:
    verdict = conclude(IN_NEED, [ran("A-1", "A-2", "A-3")], [])

    assert verdict.expressible is None
    assert "express" not in verdict.reason


def test_before_any_scenario_no_number_is_told() -> None:
    assert told(trouble="the target does not answer").reason == "the target does not answer"


def test_remarks_close_every_verdict() -> None:
    remarks = ["the server declined compression"]

    for results, trouble in ((ALL, None), ([ran(broken=("A-1",))], None), (ALL, "t")):
        verdict = conclude(PROTOCOL, results, [], trouble=trouble, remarks=remarks)
        assert verdict.reason.endswith("; the server declined compression")

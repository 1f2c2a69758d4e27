"""A run names its broken rules, and shows one failure of each kind."""

import pytest

from roomproof.report.broken_rules import Failure, advice, broken_rules, examples, kind_of
from roomproof.spec.rules import Level, read_protocol

LATE = "wrong time, at alice: the timestamp 'x' is far away"
LOST = "lost, at bob: message 3 of 'alice' was due and did not arrive"
DOUBLE = "duplicated, at bob: message 3 of 'alice' arrived again"


def failure(name: str, text: str = "text", rules: tuple[str, ...] = (), **observations: str) -> Failure:
    """Return a failure; the keywords are ids of rules with `_` in place of the hyphen."""
    observed = {rule.replace("_", "-"): [one] for rule, one in observations.items()}
    return Failure(name, rules, observed, text)


FAILURES = [
    failure("a", DELIVER_1=LOST, DELIVER_8=LATE),
    failure("b", DELIVER_8=LATE),
    failure("c", DELIVER_8=LATE, text="a"),
    failure("d", FRAME_4="expected an error frame, got nothing"),
]


def test_the_rule_that_most_failures_break_alone_comes_first() -> None:
    broken = broken_rules(FAILURES, read_protocol())

    assert [(one.rule, one.level, len(one.failures), one.alone) for one in broken] == [
        ("DELIVER-8", Level.MUST, 3, 2),
        ("DELIVER-1", Level.MUST, 1, 0),
        ("FRAME-4", Level.SHOULD, 1, 1),
    ]
    assert broken[0].first == LATE


def test_it_is_said_which_rule_to_mend_first() -> None:
    broken = broken_rules(FAILURES, read_protocol())

    assert advice(broken, len(FAILURES)) == "mend DELIVER-8 first: 2 of 4 failures have no other"


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([], id="no failure"),
        pytest.param(FAILURES[1:3], id="one rule"),
        pytest.param(FAILURES[:1], id="two rules that are broken together"),
    ],
)
def test_without_a_likely_root_no_rule_comes_first(failures: list[Failure]) -> None:
    assert advice(broken_rules(failures, read_protocol()), len(failures)) is None


def test_one_failure_of_each_kind_is_shown() -> None:
    shown = examples(broken_rules(FAILURES, read_protocol()))

    assert [(one.failure.scenario, one.others) for one in shown] == [("c", 2), ("a", 0), ("d", 0)]


def test_two_kinds_of_faults_of_one_rule_are_both_shown() -> None:
    failures = [failure("a", DELIVER_3=DOUBLE), failure("b", DELIVER_3=LOST), failure("c", DELIVER_3=DOUBLE)]

    shown = examples(broken_rules(failures, read_protocol()))

    assert [(one.failure.scenario, one.others) for one in shown] == [("a", 1), ("b", 0)]


def test_a_scenario_of_the_rule_is_shown_rather_than_another() -> None:
    failures = [failure("a", DELIVER_8=LATE), failure("b", DELIVER_8=LATE, text="long text", rules=("DELIVER-8",))]
    broken = broken_rules(failures, read_protocol())

    assert [one.failure.scenario for one in examples(broken)] == ["b"]
    assert broken[0].tested
    assert not broken_rules(failures[:1], read_protocol())[0].tested


@pytest.mark.parametrize(
    ("observation", "kind"),
    [
        pytest.param(LATE, "wrong time", id="a finding"),
        pytest.param("notice missing, at bob#3: the join notice of 'alice'", "notice missing", id="two words"),
        pytest.param("expected 201 for 'x y', got 500 b'oops'", "expected # for #", id="an expectation"),
        pytest.param("expected room chat-1a2b of alice, got 'x'", "expected room # of alice", id="an id"),
    ],
)
def test_alike_observations_are_of_one_kind(observation: str, kind: str) -> None:
    assert kind_of(observation) == kind

"""The two judges find the same in the same worlds, correct ones and such with a fault: rules and texts included."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.judge import judge
from tests.unit.judge.anomalies import FAULTS, Anomaly
from tests.unit.judge.feed import NEVER, Feed, in_turn
from tests.unit.judge.people import live
from tests.unit.judge.shape import Shape
from tests.unit.judge.simulation import FAULTY_WORLDS, shapes, simulated, tell, worlds_with
from tests.unit.judge.view import View

SETTLED = 400_000_000
"""Longer than anything takes in these worlds, in the nanoseconds of a history whose times were doubled."""

Essence = tuple[Kind, str, int, int | None, int | None, bool, str]
"""What both judges must say alike of a finding: kind, rule, receiver, stream, item, whether it is a hole, and text."""


@dataclass(frozen=True)
class Difference:
    """Findings that only one of the judges need have, or that differ in their rule, and why."""

    reason: str
    concerns: Callable[[Finding, View], bool]
    in_worlds: Callable[[Anomaly], bool] = lambda _: True
    is_of_rules: bool = False
    """Whether both judges must have the finding, and only its rule may differ."""


def receiver_is_gone_first(finding: Finding, view: View) -> bool:
    """Whether the receiver of a finding is gone before its sender begins to end."""
    gone = view.over.get(finding.receiver)
    if gone is None or finding.stream is None:
        return False
    end = view.end.get(finding.stream)
    return end is not None and view.events[gone].at < end  # type: ignore[union-attr]  # an end has a time


DIFFERENCES = (
    Difference(
        "a total order can only be judged from the whole history: the streaming judge leaves it to the offline one",
        lambda finding, _: finding.rule == "ORDER-2",
    ),
    Difference(
        "the streaming judge keeps few timestamps, so it can miss that a frame in a wrong place has a wrong one, too",
        lambda finding, _: finding.kind is Kind.WRONG_TIME,
        lambda anomaly: anomaly.expected[0] is not Kind.WRONG_TIME,
    ),
    Difference(
        "the streaming judge reports a hole when its receiver leaves, and cannot know how the sender ends later",
        lambda finding, view: finding.kind is Kind.LOST and finding.hole and receiver_is_gone_first(finding, view),
        is_of_rules=True,
    ),
)
"""Every difference between the judges that is meant. docs/oracle.md has the same list."""


def essence(findings: Iterable[Finding], view: View, anomaly: Anomaly) -> Counter[Essence]:
    """What both judges must find alike once this anomaly is in the correct world of the view."""
    found: Counter[Essence] = Counter()
    for one in findings:
        differences = [each for each in DIFFERENCES if each.in_worlds(anomaly) and each.concerns(one, view)]
        if all(difference.is_of_rules for difference in differences):
            rule = "any" if differences else one.rule
            found[one.kind, rule, one.receiver, one.stream, one.item, one.hole, one.text] += 1
    return found


@settings(simulated, max_examples=FAULTY_WORLDS)
@given(shape=shapes(history=st.booleans(), names_instances=st.booleans()), deadline=st.sampled_from([NEVER, SETTLED]))
def test_neither_judge_accuses_a_correct_server(shape: Shape, deadline: int) -> None:
    events = in_turn(live(shape))

    found = Feed(events, deadline).findings()

    if found:
        tell(events, found)
    assert found == judge(events) == []


@pytest.mark.parametrize("fault", FAULTS)
@settings(simulated, max_examples=FAULTY_WORLDS // len(FAULTS) // 2)
@given(shape=shapes(history=st.booleans(), names_instances=st.booleans()))
def test_both_judges_find_the_same_fault(fault: str, shape: Shape) -> None:
    for events, anomaly in islice(worlds_with(fault, replace(shape, talk=shape.talk + 20)), 1):
        history = in_turn(anomaly.applied_to(events))

        view, told = View(events), Feed(history, NEVER).findings()
        offline, streaming = essence(judge(history), view, anomaly), essence(told, view, anomaly)

        if offline != streaming:
            tell(history, told)
        assert offline == streaming

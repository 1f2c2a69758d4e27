"""The two forms of the oracle find the same in the same worlds, correct ones and such with a fault.

ORDER-2 is found by the offline form alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.history import Event
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.judge import judge
from tests.unit.judge.anomalies import FAULTS, Expected
from tests.unit.judge.feed import NEVER, Feed, in_turn
from tests.unit.judge.people import live
from tests.unit.judge.shape import Shape
from tests.unit.judge.simulation import FAULTY_WORLDS, shapes, simulated, tell, worlds_with

SETTLED = 400_000_000
"""Longer than anything takes in these worlds, in the nanoseconds of a history whose times were doubled."""


def essence(findings: Iterable[Finding]) -> Counter[Expected]:
    """Which findings there are, of whom, about which items."""
    return Counter((one.kind, one.receiver, one.stream, one.item) for one in findings if one.rule != "ORDER-2")


def streamed(events: list[Event], deadline: int) -> Counter[Expected]:
    """What the streaming form finds."""
    return essence(Feed(events, deadline).findings())


def without_wrong_time(found: Counter[Expected]) -> Counter[Expected]:
    """All but what is wrong with timestamps."""
    return Counter({expected: count for expected, count in found.items() if expected[0] is not Kind.WRONG_TIME})


@settings(simulated, max_examples=FAULTY_WORLDS)
@given(shape=shapes(history=st.booleans(), names_instances=st.booleans()), deadline=st.sampled_from([NEVER, SETTLED]))
def test_neither_form_accuses_a_correct_server(shape: Shape, deadline: int) -> None:
    events = in_turn(live(shape))

    found = streamed(events, deadline)

    if found:
        tell(events, Feed(events, deadline).findings())
    assert found == essence(judge(events)) == Counter()


@pytest.mark.parametrize("fault", FAULTS)
@settings(simulated, max_examples=FAULTY_WORLDS // len(FAULTS) // 2)
@given(shape=shapes(history=st.booleans(), names_instances=st.booleans()))
def test_both_forms_find_the_same_fault(fault: str, shape: Shape) -> None:
    for events, anomaly in islice(worlds_with(fault, replace(shape, talk=shape.talk + 20)), 1):
        history = in_turn(anomaly.applied_to(events))

        offline, online = essence(judge(history)), streamed(history, NEVER)
        if anomaly.expected[0] is not Kind.WRONG_TIME:
            # The timestamp of a frame in a wrong place is one more fault, which the streaming judge can miss.
            offline, online = without_wrong_time(offline), without_wrong_time(online)

        if offline != online:
            tell(history, Feed(history, NEVER).findings())
        assert offline == online

"""Both judges find the same in worlds with and without a fault, texts included."""

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.judge.offline.judge import judge
from tests.unit.judge.anomalies import FAULTS
from tests.unit.judge.differences import Spans, essence
from tests.unit.judge.feed import NEVER, Feed, in_turn
from tests.unit.judge.people import live
from tests.unit.judge.shape import Shape
from tests.unit.judge.simulation import FAULTY_WORLDS, lacking, shapes, simulated, tell, worlds_with

WORLDS = shapes(history=st.booleans(), names_instances=st.booleans(), without=lacking)

SETTLED = 400_000_000
"""Longer than anything takes in these worlds, in the nanoseconds of a history whose times were doubled."""


@settings(simulated, max_examples=FAULTY_WORLDS)
@given(
    shape=WORLDS,
    deadline=st.sampled_from([NEVER, SETTLED]),
)
def test_neither_judge_accuses_a_correct_server(shape: Shape, deadline: int) -> None:
    events = in_turn(live(shape))

    found = Feed(events, deadline).findings()

    if found:
        tell(events, found)
    assert found == judge(events) == []


@pytest.mark.parametrize("fault", FAULTS)
@settings(simulated, max_examples=FAULTY_WORLDS // len(FAULTS) // 2)
@given(shape=WORLDS)
def test_both_judges_find_the_same_fault(fault: str, shape: Shape) -> None:
    for events, anomaly in islice(worlds_with(fault, replace(shape, talk=shape.talk + 20)), 1):
        history = in_turn(anomaly.applied_to(events))

        spans, told, kind = Spans(history), Feed(history, NEVER).findings(), anomaly.expected[0]
        offline, streaming = essence(judge(history), spans, kind), essence(told, spans, kind)

        if offline != streaming:
            tell(history, told)
        assert offline == streaming

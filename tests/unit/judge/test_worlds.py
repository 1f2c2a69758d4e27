"""The oracle accuses no correct server, and finds every fault that must show.

simulation.py says how many worlds are simulated.
"""

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.judge.offline.judge import judge
from tests.unit.judge.anomalies import FAULTS
from tests.unit.judge.people import live
from tests.unit.judge.shape import Shape
from tests.unit.judge.simulation import FAULTY_WORLDS, WORLDS, lacking, shapes, simulated, tell, worlds_with


@settings(simulated, max_examples=WORLDS)
@given(shape=shapes(devices=st.booleans(), history=st.booleans(), names_instances=st.booleans(), without=lacking))
def test_a_world_in_which_servers_keep_promises_is_in_order(shape: Shape) -> None:
    events = live(shape)

    findings = judge(events)

    if findings:
        tell(events, findings)
    assert findings == []


@pytest.mark.parametrize("fault", FAULTS)
@settings(simulated, max_examples=FAULTY_WORLDS // len(FAULTS))
@given(shape=shapes())
def test_one_fault_in_a_correct_world_is_found_and_nothing_else(fault: str, shape: Shape) -> None:
    for events, anomaly in islice(worlds_with(fault, replace(shape, talk=shape.talk + 20)), 1):
        history = anomaly.applied_to(events)

        # What breaks the order of a stream may break that of the room as well.
        findings = [one for one in judge(history) if one.rule != "ORDER-2"]

        found = [(one.kind, one.receiver, one.stream, one.item) for one in findings]
        if found != [anomaly.expected]:
            tell(history, findings)
        assert found == [anomaly.expected]

"""The worlds that the property tests simulate: how many, of which sorts.

ROOMPROOF_WORLDS=100000 asks for more than the two thousand of each run. They are the same in each run.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st

from roomproof.history import Event
from roomproof.judge.findings import Finding
from roomproof.spec.rules import Need
from roomproof.timeline import timeline
from tests.unit.judge.anomalies import FAULTS, Anomaly
from tests.unit.judge.people import live
from tests.unit.judge.shape import Fanning, Shape, SimulatedTopology, Stamping
from tests.unit.judge.view import View

WORLDS = int(os.environ.get("ROOMPROOF_WORLDS", "2000"))
FAULTY_WORLDS = WORLDS // 5
"""Worlds into which a fault is put are dearer: it has to find a place."""

TRIES = 100
"""Maximum number of worlds searched for a place where a fault shows."""

simulated = settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))


lacking = st.frozensets(st.sampled_from([Need.NOTICES, Need.ECHO, Need.SENDER, Need.TIMESTAMPS, Need.ERRORS]))
"""A strategy for what services lack."""


def shapes(**sorts: st.SearchStrategy[bool] | st.SearchStrategy[frozenset[Need]]) -> st.SearchStrategy[Shape]:
    """Return a strategy for all sorts of worlds.

    `devices`, `history`, `names_instances` and `without` have their usual values unless `sorts` names them.
    """
    return st.builds(
        Shape,
        seed=st.integers(0, 2**32),
        topology=st.sampled_from(SimulatedTopology),
        fanning=st.sampled_from(Fanning),
        own_notices=st.booleans(),
        own_bytes=st.booleans(),
        stamping=st.sampled_from(Stamping),
        slack=st.integers(0, 12),
        people=st.integers(1, 6),
        talk=st.integers(0, 80),
        **sorts,
    )


def tell(events: list[Event], findings: list[Finding]) -> None:
    """Show a history and what was found in it, if the test is about to fail."""
    note("\n".join([*timeline(events), *(f"{one.rule}: {one.kind}: {one.full_text}" for one in findings)]))


def worlds_with(fault: str, shape: Shape) -> Iterator[tuple[list[Event], Anomaly]]:
    """Correct histories of a shape, and where in them this fault must show."""
    for seed in range(shape.seed, shape.seed + TRIES):
        events = live(replace(shape, seed=seed))
        random = Random(seed)
        places = list(FAULTS[fault](View(events), random))
        if places:
            yield events, random.choice(places)

"""A run claims no rule that it did not put to the test."""

from typing import Any

import pytest

from roomproof.load.figures.verdict import exercised
from roomproof.spec.rules import Capability, load
from tests.unit.load.started_worker import CLEAN, TARGET, declaring, report, totals


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        pytest.param({"closed": 1}, {"LEAVE-1", "DELIVER-11", "CLOSE-2"}, id="nobody left"),
        pytest.param({"disconnected": 1}, {"LEAVE-2", "DELIVER-12"}, id="nobody died"),
        pytest.param({"backlog_noticeable": 1}, {"CLOSE-4"}, id="nobody stopped reading for long enough"),
        pytest.param({"connected": 1}, {"DELIVER-10"}, id="nobody came later"),
    ],
)
def test_a_rule_is_held_only_if_it_was_put_to_the_test(told: dict[str, Any], rules: set[str]) -> None:
    without, with_it = totals(CLEAN), totals(CLEAN, report(sockets=20, rooms=2, **told))

    assert exercised(without, TARGET) & rules == set()
    assert exercised(with_it, TARGET) >= rules


def test_one_room_says_nothing_about_rooms_and_echoes_nothing_about_others() -> None:
    alone = exercised(totals(report(sent=10, delivered=10, rooms=1)), TARGET)

    assert alone & {"DELIVER-1", "DELIVER-4", "JOIN-1"} == set()
    assert "DELIVER-2" in alone


def test_every_rule_that_a_run_can_exercise_is_a_rule() -> None:
    everything = totals(
        CLEAN,
        report(connected=9, closed=1, disconnected=1, backlog_noticeable=1, sockets=20, rooms=2, spanning_rooms=1),
    )

    assert exercised(everything, declaring(Capability.PUBSUB, Capability.STICKY)) <= load().rules.keys()

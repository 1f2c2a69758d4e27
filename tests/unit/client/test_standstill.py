"""Pauses of the tester's own process."""

import pytest

from roomproof.client.standstill import LEAST_S, TICK_S, Pauses


@pytest.mark.parametrize(
    ("looks", "longest"),
    [
        pytest.param([0.1, 0.2, 0.3], 0.0, id="no pause"),
        pytest.param([0.1, 3.2, 3.3], 3.0, id="one pause"),
        pytest.param([2.1, 5.2, 6.3], 3.0, id="the longest of three"),
        pytest.param([TICK_S + LEAST_S - 0.01], 0.0, id="too short to count"),
    ],
)
def test_the_longest_pause_is_kept(looks: list[float], longest: float) -> None:
    pauses = Pauses(0.0)

    for now in looks:
        pauses.look(now)

    assert pauses.longest(0.0) == pytest.approx(longest)


def test_earlier_pauses_do_not_count() -> None:
    pauses = Pauses(0.0)
    pauses.look(5.0)
    pauses.look(7.0)

    assert pauses.longest(5.5) == pytest.approx(1.9)
    assert pauses.longest(7.5) == 0

"""Percentiles are right to one percent, however the times were batched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.load.figures.percentiles import LONGEST_US, QUANTILES, Percentiles, histogram_of, quantile

NS = 1_000
"""A microsecond, in nanoseconds."""

TIMES = st.lists(st.integers(0, 100_000_000 * NS), min_size=1, max_size=60)


def of(*batches: list[int]) -> Percentiles:
    """Return the percentiles of batches of nanoseconds."""
    percentiles = Percentiles()
    for batch in batches:
        percentiles.add(histogram_of(batch))
    return percentiles


@given(time=st.integers(0, LONGEST_US * NS))
def test_a_counted_time_is_less_by_under_one_percent(time: int) -> None:
    ((microseconds, count),) = histogram_of([time]).items()

    assert count == 1
    assert time // NS * 0.99 <= microseconds <= time // NS


def test_thousands_of_times_are_few_counts() -> None:
    assert len(histogram_of(range(0, 100_000 * NS, 10 * NS))) < 4_000


@settings(max_examples=40)
@given(batches=st.lists(TIMES, min_size=1, max_size=4))
def test_percentiles_of_parts_are_those_of_the_whole(batches: list[list[int]]) -> None:
    whole = [time for batch in batches for time in batch]

    assert of(*batches).summary() == of(whole).summary()


@pytest.mark.parametrize(
    ("name", "exact"), [("p50", 5_000), ("p90", 9_000), ("p99", 9_900), ("p999", 9_990), ("max", 10_000)]
)
@pytest.mark.parametrize("scale", [1, 10, 1_000, 100_000])
def test_percentiles_are_right_to_one_percent(name: str, exact: int, scale: int) -> None:
    batches = [[time * scale * NS for time in range(1, 10_001) if time % 3 == worker] for worker in range(3)]

    assert of(*batches).at(QUANTILES[name]) == pytest.approx(exact * scale, rel=0.01)


@settings(max_examples=60)
@given(times=TIMES, percentile=st.sampled_from([50, 90, 99, 100]))
def test_percentiles_of_a_histogram_are_the_nearest_rank(times: list[int], percentile: int) -> None:
    rank = -(-len(times) * percentile // 100)
    exact = sorted(times)[rank - 1] // NS

    assert quantile(histogram_of(times), percentile) == pytest.approx(exact, rel=0.01)


def test_no_times_have_no_percentiles() -> None:
    assert of().summary() == dict.fromkeys(QUANTILES)
    assert quantile({}, 50) is None


@pytest.mark.parametrize(("time", "most"), [(-5 * NS, 1), (7_200 * 10**9, LONGEST_US * 1.001)])
def test_impossible_times_are_clamped(time: int, most: float) -> None:
    percentiles = of([time])

    assert percentiles.count == 1
    assert 0 <= (percentiles.at(100) or 0) <= most


def test_forgotten_times_count_no_more() -> None:
    percentiles = of([5 * NS])
    percentiles.clear()

    assert (percentiles.count, percentiles.at(50)) == (0, None)

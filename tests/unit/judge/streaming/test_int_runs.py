"""Numbers kept as runs are the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.judge.streaming.int_runs import IntRuns


@given(numbers=st.sets(st.integers(0, 40)))
def test_runs_are_the_numbers_that_were_added(numbers: set[int]) -> None:
    runs = IntRuns()
    for number in sorted(numbers):
        runs.add(number)

    assert {number for number in range(50) if number in runs} == numbers
    assert runs.following == max(numbers, default=-1) + 1


@pytest.mark.parametrize("number", [3, 4])
def test_only_higher_numbers_are_added(number: int) -> None:
    runs = IntRuns()
    runs.add(4)

    with pytest.raises(ValueError, match=f"expected a number from 5, got {number}"):
        runs.add(number)

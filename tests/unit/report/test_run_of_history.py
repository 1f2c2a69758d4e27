"""A history belongs to the last run that began before it."""

from datetime import UTC, datetime

import pytest

from roomproof.history import Deadline, Started
from roomproof.report.run_of_history import NS_PER_S, is_of_run
from roomproof.report.saved_run import SavedRun
from tests.unit.report.saved import RUN, VALID, saved


def run_at(hour: int) -> SavedRun:
    return saved(RUN | {"started": f"2026-12-01T{hour:02}:00:00.5+00:00"}, VALID)


def history_at(hour: int, minute: int = 30) -> list[Started | Deadline]:
    at = 77 * NS_PER_S
    epoch = round(datetime(2026, 12, 1, hour, minute, tzinfo=UTC).timestamp()) * NS_PER_S - at
    return [Started(epoch=epoch), Deadline(at)]


OLD, NEW = run_at(9), run_at(12)


@pytest.mark.parametrize(
    ("hour", "owner"), [pytest.param(8, None, id="earlier"), (9, OLD), (11, OLD), (12, NEW), (20, NEW)]
)
def test_a_history_is_of_the_last_run_before_it(hour: int, owner: SavedRun | None) -> None:
    for run in (OLD, NEW):
        assert is_of_run(history_at(hour), run, [OLD, NEW]) is (run is owner)


def test_of_one_run_are_all_histories_after_its_beginning() -> None:
    assert is_of_run(history_at(20), OLD, [OLD])
    assert not is_of_run(history_at(8), OLD, [OLD])


def test_a_clock_may_be_set_back_by_a_moment() -> None:
    assert is_of_run(history_at(9, minute=0), OLD, [OLD])


@pytest.mark.parametrize("started", ["", "soup", "2026-13-01"])
def test_without_a_time_a_history_can_be_of_any_run(started: str) -> None:
    timeless = saved(RUN | {"started": started}, VALID)

    assert is_of_run(history_at(8), timeless, [timeless])
    assert is_of_run([Started(), Deadline(5)], OLD, [OLD])
    assert is_of_run([], OLD, [OLD])


def test_numbers_of_any_size_are_times() -> None:
    assert not is_of_run([Started(epoch=-(10**400)), Deadline(5)], OLD, [OLD])

"""Two runs are compared rule by rule and time by time."""

from typing import Any

import pytest

from roomproof.load.figures.percentiles import Percentiles
from roomproof.report.comparison import Comparison, compare
from roomproof.report.saved_run import ResultError, SavedRun
from roomproof.spec.rules import read_protocol
from tests.unit.report.saved import FAILED, INVALID, LOAD, LOADED, RUN, VALID, Line, saved

PROTOCOL = read_protocol()

GOOD, BAD = saved(RUN, VALID), saved(RUN, FAILED, INVALID)


def state(outcome: str, level: str = "MUST") -> SavedRun:
    """Return a run of the suite in which JOIN-7 has this standing."""
    return saved(RUN, VALID | {"rules": {"JOIN-7": {"level": level, "outcome": outcome}}})


def load(**fields: Any) -> SavedRun:
    """Return a valid load run with these figures."""
    verdict: Line = LOADED | {"verdict": "valid", "rules": VALID["rules"]}
    return saved(LOAD, verdict | fields)


def histogram(*microseconds: int) -> str:
    times = Percentiles()
    times.add(dict.fromkeys(microseconds, 1))
    return times.encoded()


def compared(before: SavedRun, after: SavedRun, slower: float | None = None) -> Comparison:
    return compare(before, after, PROTOCOL, slower)


def test_a_run_does_not_differ_from_itself() -> None:
    for run in (GOOD, BAD, load()):
        comparison = compared(run, run, slower=1)
        assert (comparison.changes, comparison.regressions) == ([], [])


def test_a_must_that_is_broken_now_is_a_regression() -> None:
    comparison = compared(GOOD, BAD)

    assert [change.text for change in comparison.changes] == ["DELIVER-3 (MUST): held -> broken"]
    assert comparison.regressions == ["DELIVER-3 is broken now", "the verdict was valid and is invalid"]


def test_what_was_mended_is_no_regression() -> None:
    comparison = compared(BAD, GOOD)

    assert [change.text for change in comparison.changes] == ["DELIVER-3 (MUST): broken -> held"]
    assert comparison.regressions == []


@pytest.mark.parametrize("before", ["untested", "not_applicable", "deviating", "held"])
def test_whatever_a_must_was_before_broken_is_worse(before: str) -> None:
    assert compared(state(before), state("broken")).regressions == ["JOIN-7 is broken now"]


@pytest.mark.parametrize(("level", "after"), [("MUST", "untested"), ("MUST", "deviating"), ("SHOULD", "warned")])
def test_other_changes_are_shown_and_no_regressions(level: str, after: str) -> None:
    comparison = compared(state("held", level), state(after, level))

    assert [change.text for change in comparison.changes] == [f"JOIN-7 ({level}): held -> {after}"]
    assert comparison.regressions == []


def test_a_rule_that_only_one_file_knows_is_a_change() -> None:
    new = saved(RUN, VALID | {"rules": VALID["rules"] | {"SOUP-1": {"level": "MAY", "outcome": "not_applicable"}}})

    assert [one.text for one in compared(GOOD, new).changes] == ["SOUP-1 (MAY): unknown -> not applicable"]
    assert [one.text for one in compared(new, GOOD).changes] == ["SOUP-1 (MAY): not applicable -> unknown"]


@pytest.mark.parametrize("after", ["inconclusive", "invalid"])
def test_a_verdict_that_was_valid_must_stay_so(after: str) -> None:
    comparison = compared(GOOD, saved(RUN, VALID | {"verdict": after}))

    assert comparison.regressions == [f"the verdict was valid and is {after}"]


def test_percentiles_of_old_files_stand_side_by_side() -> None:
    times = compared(load(), load(latency_us={"p50": 3_600, "p99": 6_100})).times

    assert [(one.name, one.before, one.after, one.change) for one in times] == [
        ("deliver.p50", 1_800, 3_600, "+100 %"),
        ("deliver.p99", 6_100, 6_100, "+0 %"),
    ]


def test_histograms_give_more_percentiles() -> None:
    before = load(histograms={"deliver": histogram(*range(1, 101))})
    after = load(histograms={"deliver": histogram(*range(2, 202, 2))})

    times = {one.quantile: (one.before, one.after) for one in compared(before, after).times}
    assert (times["p50"], times["p95"], times["max"]) == ((50, 100), (95, 190), (100, 200))


def test_growth_is_a_regression_only_beyond_the_factor() -> None:
    before, after = load(), load(latency_us={"p50": 2_700, "p99": 12_300, "max": 90_000})

    assert compared(before, after).regressions == []
    assert compared(before, after, slower=1.5).regressions == ["deliver.p99 was 6.1 ms and is 12.3 ms"]


def test_times_that_are_not_measured_any_more_are_slower() -> None:
    silent = load(latency_us=dict.fromkeys(["p50", "p90", "p99", "p999", "max"]))

    assert "deliver.p50 was 1.8 ms and is -" in compared(load(), silent, slower=2).regressions
    assert compared(silent, load(), slower=2).regressions == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        pytest.param(GOOD, saved(RUN, name="killed"), "killed has no verdict", id="killed"),
        pytest.param(saved(RUN, name="killed"), GOOD, "killed has no verdict", id="the other one killed"),
        pytest.param(GOOD, load(), "got one of each", id="suite and load"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(before: SavedRun, after: SavedRun, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        compared(before, after)

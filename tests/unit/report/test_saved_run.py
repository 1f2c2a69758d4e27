"""Result files are read again, whole or cut off."""

import json

import pytest

from roomproof.report.saved_histogram import histogram_of
from roomproof.report.saved_run import ResultError, RuleState, read_run
from roomproof.spec.rules import Level, read_protocol
from roomproof.verdict import Conclusion, Standing
from tests.unit.report.saved import FAILED, FINDING, INVALID, LOAD, LOADED, PASSED, RUN, VALID, interval, lines, saved

PROTOCOL = read_protocol()

BROKEN = RuleState(Level.MUST, Standing.BROKEN)


def test_a_run_of_the_suite_is_read() -> None:
    run = saved(RUN, PASSED, FAILED, INVALID)

    assert run.verdict is not None
    assert (run.run.target, run.verdict.verdict, run.is_load) == ("http://chat.test", Conclusion.INVALID, False)
    assert run.rules(PROTOCOL)["DELIVER-3"] == BROKEN
    assert [line.id for line in run.broken_in("DELIVER-3")] == [FAILED["id"]]


def test_a_load_run_is_read() -> None:
    run = saved(LOAD, interval(1), interval(2), FINDING, LOADED)

    assert run.verdict is not None
    assert (run.is_load, len(run.intervals), run.verdict.latency_us["p99"]) == (True, 2, 6_100)
    assert run.findings[0].witness[0].at == 1_000  # type: ignore[union-attr]  # no Started there


def test_files_of_before_the_format_had_a_number_are_read() -> None:
    old = {key: value for key, value in RUN.items() if key != "format"}

    assert saved(old, VALID).run.format == 1


def test_unknown_keys_and_kinds_of_lines_are_skipped() -> None:
    run = saved(RUN | {"colour": "red"}, {"kind": "fault", "at": 3}, VALID)

    assert run.verdict is not None


def test_a_killed_run_has_no_verdict_and_keeps_the_rest() -> None:
    *whole, last = lines(RUN, PASSED, FAILED, VALID)

    run = read_run("results", [*whole, last[:-20]])

    assert (run.verdict, len(run.scenarios)) == (None, 2)
    assert run.rules(PROTOCOL) == {"DELIVER-3": BROKEN}


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param([], "got an empty file", id="empty"),
        pytest.param([b"\n"], "got an empty file", id="blank"),
        pytest.param([b"soup"], "got something else in line 1", id="text"),
        pytest.param([b"\xff\xfe\n"], "got something else in line 1", id="binary"),
        pytest.param([b"[1]\n"], "got something else in line 1", id="another JSON"),
        pytest.param([b"[" * 99_999], "nested too deeply", id="deep JSON"),
        pytest.param([b'{"kind":"started","version":1}\n'], "got a history: pass its folder", id="a history"),
        pytest.param(lines(VALID), "whose first line is about the run", id="without its head"),
        pytest.param(lines(RUN | {"format": 2, "version": "9.9"}), "the newer version 9.9", id="newer"),
        pytest.param(lines(RUN, RUN), "line 2: expected one run in a file", id="two runs"),
        pytest.param([*lines(RUN), b'{"kind":\n', *lines(VALID)], "line 2 is no line", id="damaged"),
        pytest.param(lines(RUN, PASSED | {"outcome": "great"}), "line 2 is no line", id="unknown outcome"),
        pytest.param(lines(LOAD, interval(1, p99=-5)), "line 2 is no line", id="negative time"),
        pytest.param(lines(LOAD, interval(10**40)), "line 2 is no line", id="enormous number"),
        pytest.param([*lines(LOAD), b'{"kind":"interval","second":1,"lag_ms":1e999}\n'], "line 2", id="infinite"),
        pytest.param([*lines(LOAD), b'{"kind":"interval","second":1,"lag_ms":NaN}\n'], "got NaN", id="no number"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(file: list[bytes], message: str) -> None:
    with pytest.raises(ResultError, match=message):
        read_run("results", file)


def test_half_a_character_in_a_text_is_read() -> None:
    line = json.dumps(PASSED | {"detail": "\ud800"}).encode() + b"\n"

    assert read_run("results", [*lines(RUN), line]).scenarios[0].detail == "\ud800"


@pytest.mark.parametrize("text", ["", "soup", "HISTFAAA", "\ud800", "A" * 5_000])
def test_a_damaged_histogram_is_refused_with_a_sentence(text: str) -> None:
    run = saved(LOAD, LOADED | {"histograms": {"deliver": text}})

    with pytest.raises(ResultError, match="the histogram 'deliver' of results cannot be read"):
        histogram_of(run)

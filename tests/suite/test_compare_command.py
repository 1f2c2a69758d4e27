"""`roomproof compare` says what changed between two result files."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.report.saved import FAILED, HOSTILE, INVALID, LOAD, LOADED, RUN, VALID, lines

FILES = {
    "good.jsonl": lines(RUN, VALID),
    "bad.jsonl": lines(RUN, FAILED, INVALID),
    "load.jsonl": lines(LOAD, LOADED),
    "slow.jsonl": lines(LOAD, LOADED | {"latency_us": LOADED["latency_us"] | {"p50": 9_000}}),
    "hostile.jsonl": lines(RUN | {"target": HOSTILE}, VALID | {"reason": HOSTILE}),
    "killed.jsonl": lines(RUN, FAILED),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(b"".join(content))
    return tmp_path


def compare(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "roomproof", "compare", *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_regression_is_named_and_fails(folder: Path) -> None:
    done = compare(folder, "good.jsonl", "bad.jsonl")

    assert done.stdout.splitlines() == [
        "good: http://chat.test: VALID: the server holds all of the 2 MUSTs that were tested",
        "bad: http://chat.test: INVALID: the server breaks DELIVER-3",
        "rules that changed:",
        "  DELIVER-3 (MUST): held -> broken, in 1 scenario",
        "regression: DELIVER-3 is broken now",
        "regression: the verdict was valid and is invalid",
    ]
    assert done.returncode == 1


def test_without_a_regression_it_succeeds(folder: Path) -> None:
    done = compare(folder, "bad.jsonl", "good.jsonl")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no regression")


def test_load_runs_have_a_table_of_times(folder: Path) -> None:
    done = compare(folder, "load.jsonl", "slow.jsonl", "--slower", "2")

    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert {"deliver.p50 1.8 ms 9 ms +400 %", "deliveries a second 100 100"} <= set(rows)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "regression: deliver.p50 was 1.8 ms and is 9 ms")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["good.jsonl", "nowhere.jsonl"], "cannot read nowhere.jsonl", id="no file"),
        pytest.param(["good.jsonl", "killed.jsonl"], "killed has no verdict", id="killed"),
        pytest.param(["good.jsonl", "load.jsonl"], "got one of each", id="suite and load"),
        pytest.param(["good.jsonl"], "the following arguments are required: AFTER", id="one file"),
        pytest.param(["good.jsonl", "bad.jsonl", "--slower", "0.5"], "expected a factor from 1", id="faster"),
    ],
)
def test_anything_else_is_a_usage_error(folder: Path, arguments: list[str], message: str) -> None:
    done = compare(folder, *arguments)

    assert (done.returncode, done.stdout) == (4, "")
    assert message in done.stderr


def test_hostile_texts_cannot_disturb_the_terminal(folder: Path) -> None:
    done = compare(folder, "hostile.jsonl", "good.jsonl")

    assert done.returncode == 0
    assert all(line.isprintable() for line in done.stdout.splitlines())

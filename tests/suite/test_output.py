"""Where the output goes changes neither the exit code nor the files of a run."""

import subprocess
import sys
from pathlib import Path

import pytest

from roomproof.history import Deadline, Event, Opened, Opening, Received, Sent, Started, dump
from tests.suite.verify import WITHOUT_UNUSED_PLUGINS, clean_environment, read

ROOMPROOF = f"{sys.executable} -m roomproof"

ONE = f"{ROOMPROOF} verify {' '.join(WITHOUT_UNUSED_PLUGINS)} test_create.py -k used_at_once --results results.jsonl"

OUTPUTS = [
    pytest.param("| head -1", id="a reader that goes away"),
    pytest.param(">&-", id="closed output"),
    pytest.param(">&- 2>&-", id="closed output and errors"),
    pytest.param("> /dev/full", id="a full disk"),
]


def run(folder: Path, command: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=clean_environment() | variables,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def invalid(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a command that often judges a history with a finding and non-ASCII text."""
    folder = tmp_path_factory.mktemp("histories")
    said = '{"type":"message","content":"Suppe ü"}'
    heard = said[:-1] + ',"sender_id":"zoë","chat_id":"c","timestamp":"1970-01-01T00:00:00.000001"}'
    events: list[Event] = [Started(), Opening(1, 1_000, "c", "zoë"), Opened(1, 2_000), Sent(1, 3_000, text=said)]
    events += [Received(1, at, text=heard) for at in (4_000, 5_000)]
    (folder / "history.jsonl").write_bytes(dump([*events, Deadline(6_000)]))
    return f"{ROOMPROOF} judge{f' {folder}/history.jsonl' * 200}"


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_run_does_not_depend_on_its_reader(tmp_path: Path, output: str) -> None:
    done = run(tmp_path, f"{ONE} {output}")

    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert read(tmp_path / "results.jsonl")[-1]["verdict"] == "valid"


@pytest.mark.parametrize("output", OUTPUTS)
def test_judging_does_not_depend_on_its_reader(tmp_path: Path, invalid: str, output: str) -> None:
    done = run(tmp_path, f"{invalid} {output}")

    assert done.returncode == 1, done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_characters_that_an_encoding_lacks_are_escaped(tmp_path: Path, invalid: str) -> None:
    done = run(tmp_path, invalid, PYTHONIOENCODING="ascii", LANG="C")

    assert done.returncode == 1, done.stderr.decode()
    assert rb"zo\xeb" in done.stdout
    assert b"Traceback" not in done.stderr


def test_a_full_disk_for_results_is_a_usage_error(tmp_path: Path) -> None:
    done = run(tmp_path, ONE.replace("results.jsonl", "/dev/full"))

    assert done.returncode == 4
    assert b"cannot write the result file /dev/full: No space left" in done.stderr


def test_a_full_disk_for_another_report_makes_a_run_inconclusive(tmp_path: Path) -> None:
    done = run(tmp_path, f"{ONE} --junitxml /dev/full")

    assert done.returncode == 3
    assert b"roomproof: cannot write a report: " in done.stderr
    assert b"Traceback" not in done.stderr

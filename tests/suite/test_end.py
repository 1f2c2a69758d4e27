"""At the end of a run the idle pair is connected, and nothing is left behind."""

import time
from pathlib import Path

import pytest

from roomproof.suite.end_plugin import END
from tests.listening import REFERENCE, faulty, listening
from tests.suite.verify import verify

each_number_of_workers = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])


@each_number_of_workers
def test_idle_members_must_stay_connected(tmp_path: Path, workers: tuple[str, ...]) -> None:
    with listening(*faulty("idle members closed")) as url:
        run = verify(tmp_path, "test_ping.py", "test_order.py", "--target", url, "--idle", "4", *workers)

    assert (run.code, run.rules("broken")) == (1, {"CLOSE-1"}), run.output
    ends = [line for line in run.scenarios("failed") if line["id"].startswith(END)]
    assert ends == run.scenarios("failed") != []
    assert "the server closed 'alice' with code 1000" in ends[0]["detail"]
    assert "--idle " in run.output.rpartition("Run just this scenario again:")[2]


def test_a_server_that_does_not_end_may_not_say_so(tmp_path: Path) -> None:
    """Idle members are closed with 1001, and a third one who talks is not."""
    with listening(*faulty("idle members closed with 1001")) as url:
        run = verify(tmp_path, "test_order.py", "--target", url, "--idle", "4")

    assert (run.code, run.rules("broken")) == (1, {"CLOSE-1"}), run.output
    assert "to stay connected, got a Close frame with 1001" in run.output


def test_a_run_lasts_as_long_as_asked_for(tmp_path: Path) -> None:
    began = time.monotonic()

    run = verify(tmp_path, "test_ping.py", "--idle", "3")

    assert (run.code, run.scenarios("failed")) == (0, []), run.output
    assert time.monotonic() - began > 3


def test_a_known_deviation_of_idle_members_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text('[[deviation]]\nrule = "CLOSE-1"\nreason = "our proxy closes them"\n')

    with listening(*faulty("idle members closed")) as url:
        run = verify(tmp_path, "test_order.py", "--target", url, "--idle", "4", "--deviations", "known.toml")

    assert (run.code, run.rules("deviating")) == (0, {"CLOSE-1"}), run.output
    assert [line["id"] for line in run.scenarios("deviating")] == [END]
    assert "our proxy closes them" in run.output


@each_number_of_workers
def test_rooms_that_are_left_behind_are_shown(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """After a few scenarios nobody waits any more: the end of the run shows the rest."""
    with listening(*faulty("rooms that two leave at one time listed")) as url:
        run = verify(tmp_path, "test_order.py", "test_join.py", "--target", url, "--deadline", "1", *workers)

    assert (run.code, run.rules("broken")) == (1, {"STATS-4"}), run.output
    assert len(run.scenarios("failed")) > 1
    assert any(line["id"].startswith(END) for line in run.scenarios("failed"))
    assert "(of test_order.py::" in run.output


@each_number_of_workers
def test_members_that_are_left_behind_are_shown(tmp_path: Path, workers: tuple[str, ...]) -> None:
    arguments = ["test_leave.py", "-k", "link_ends", "--exclusive", "--deadline", "1", *workers]
    with listening(*faulty("broken links counted for ever")) as url:
        run = verify(tmp_path, "--target", url, *arguments)

    assert (run.code, run.rules("broken")) == (1, {"STATS-2"}), run.output
    assert "total_connections to be back at " in run.output


def test_a_second_run_finds_nothing_of_the_first(tmp_path: Path) -> None:
    with listening(*REFERENCE) as url:
        runs = [verify(tmp_path, "test_join.py", "--target", url, "--exclusive") for _ in range(2)]

    assert [run.code for run in runs] == [0, 0], runs[1].output


def test_what_leaks_into_the_room_of_idle_members_is_shown(tmp_path: Path) -> None:
    """A scenario with one room of its own sees nothing of the leak."""
    with listening(*faulty("leak to all rooms")) as url:
        run = verify(tmp_path, "test_order.py::test_a_burst_is_heard_in_order", "--target", url)

    assert (run.code, run.rules("broken")) == (1, {"DELIVER-4"}), run.output
    assert [line["id"] for line in run.scenarios("failed")] == [END], run.output

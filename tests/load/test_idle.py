"""Some members say nothing for the whole run, and stay members."""

import sys
from pathlib import Path

import pytest

from tests.listening import listening
from tests.load.locust import load


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "with workers"])
def test_a_server_that_ends_idle_connections_is_found(tmp_path: Path, processes: tuple[str, ...]) -> None:
    """All users talk, so that only the silent pair of each worker is ended."""
    server = (sys.executable, "-m", "tests.load.impatient", "5", "--port", "0", "--database", ":memory:")
    with listening(*server) as url:
        run = load(tmp_path, "steady", url, "-t", "9", *processes)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert run.rules("broken") == {"CLOSE-1"}, run.output
    assert run.counts["dropped"] == (4 if processes else 2)
    assert " at user " in run.output


def test_idle_members_count_in_no_figure(tmp_path: Path, clean_server: str) -> None:
    run = load(tmp_path, "steady", clean_server, "-t", "4", "-u", "4", "-r", "4", "--rate", "2")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert (run.verdict["sockets"], run.verdict["rooms"], run.counts["connected"]) == (4, 1, 4)
    assert run.counts["delivered"] == 4 * run.counts["sent"]

"""The clean server is valid under every load of test_faults.py (`tox -e proof`)."""

from pathlib import Path

import pytest

from tests.load.test_faults import SCRIPTS, load_that_shows


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_the_fault_the_server_is_valid(tmp_path: Path, clean_server: str, name: str) -> None:
    run = load_that_shows(tmp_path, name, clean_server)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("broken") == set()
    assert "Traceback" not in run.output

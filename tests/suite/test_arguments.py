"""`roomproof verify` runs scenarios and nothing else, whatever stands on its command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite.verify import WITHOUT_UNUSED_PLUGINS, clean_environment


def verify(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the suite in a folder with a test of the user's, with these as its last arguments."""
    (folder / "test_mine.py").write_text("def test_mine():\n    open('ran', 'w')\n")
    words = [sys.executable, "-m", "roomproof", "verify", *WITHOUT_UNUSED_PLUGINS, *arguments]
    return subprocess.run(
        words, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "option", ["--target", "--capability", "--results", "-k", "-m", "--junitxml", "-p", "-c", "--rootdir", "-n"]
)
def test_an_option_without_its_value_is_a_usage_error(tmp_path: Path, option: str) -> None:
    """As in `roomproof verify --target $UNSET`: the option must not take the folder of the scenarios as its value."""
    done = verify(tmp_path, option)

    assert done.returncode == 4, done.stdout + done.stderr
    assert "expected one argument" in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("option", ["--target", "--topology", "--ca", "--deviations", "--histories", "--results"])
def test_an_empty_value_is_a_usage_error(tmp_path: Path, option: str) -> None:
    done = verify(tmp_path, option, "")

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"expected a value for {option}" in done.stderr


@pytest.mark.parametrize("path", [".", "test_mine.py", "http://localhost:8080", "test_no_such_file.py"])
def test_an_argument_that_is_no_scenario_is_a_usage_error(tmp_path: Path, path: str) -> None:
    done = verify(tmp_path, path)

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"got {path!r}" in done.stderr
    assert not (tmp_path / "ran").exists()

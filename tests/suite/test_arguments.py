"""`roomproof verify` runs only scenarios, whatever its command line says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite.verify import WITHOUT_UNUSED_PLUGINS, clean_environment


def verify(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the suite in a folder with a test of the user, with these last arguments."""
    (folder / "test_mine.py").write_text("def test_mine():\n    open('ran', 'w')\n")
    words = [sys.executable, "-m", "roomproof", "verify", *WITHOUT_UNUSED_PLUGINS, *arguments]
    return subprocess.run(
        words, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "option", ["--target", "--capability", "--results", "-k", "-m", "--junitxml", "-p", "-c", "--rootdir", "-n"]
)
def test_an_option_without_its_value_is_a_usage_error(tmp_path: Path, option: str) -> None:
    """The option must not take the folder of the scenarios as its value.

    This happens with `roomproof verify --target $UNSET`.
    """
    done = verify(tmp_path, option)

    assert done.returncode == 4, done.stdout + done.stderr
    assert "expected one argument" in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("option", ["--target", "--topology", "--ca", "--deviations", "--histories", "--results"])
def test_an_empty_value_is_a_usage_error(tmp_path: Path, option: str) -> None:
    done = verify(tmp_path, option, "")

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"expected a value for {option}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--collect-only"], 0, id="the scenarios"),
        pytest.param(["--co", "-q", "-n", "2"], 0, id="their names"),
        pytest.param(["--co", "-k", "no_scenario_is_called_this"], 5, id="no scenarios"),
        pytest.param(["--fixtures"], 0, id="fixtures"),
        pytest.param(["--markers"], 0, id="marks"),
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["--version"], 0, id="the version"),
    ],
)
def test_what_only_shows_something_has_no_verdict(tmp_path: Path, arguments: list[str], code: int) -> None:
    done = verify(tmp_path, *arguments, "--results", "results.jsonl")

    assert done.returncode == code, done.stdout + done.stderr
    assert not re.search("VALID:|INCONCLUSIVE:", done.stdout)
    assert not (tmp_path / "results.jsonl").exists()


@pytest.mark.parametrize("silence", [("--no-summary",), ("-p", "no:terminal")], ids=["no summary", "no terminal"])
def test_the_verdict_is_always_printed(tmp_path: Path, silence: tuple[str, ...]) -> None:
    done = verify(tmp_path, "test_create.py", "-k", "used_at_once", *silence)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "VALID: the server holds" in done.stdout


@pytest.mark.parametrize("path", [".", "test_mine.py", "http://localhost:8080", "test_no_such_file.py"])
def test_an_argument_that_is_no_scenario_is_a_usage_error(tmp_path: Path, path: str) -> None:
    done = verify(tmp_path, path)

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"got {path!r}" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_the_help_names_the_command(tmp_path: Path) -> None:
    assert verify(tmp_path, "--help").stdout.startswith("usage: roomproof verify ")

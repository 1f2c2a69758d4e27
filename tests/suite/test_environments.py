"""Roomproof and the pytest of its user do not disturb each other."""

import subprocess
import sys
from pathlib import Path

import pytest

from roomproof.suite.paths import scenarios_package
from tests.listening import REFERENCE, listening
from tests.suite.verify import clean_environment, verify

TAKEN = """
def pytest_addoption(parser):
    parser.addoption("--target", default="staging")
    parser.addoption("--capability", nargs=2)
    parser.addoption("--header")
"""
"""A conftest or plugin whose options have the names of ours, as those of pytest-selenium."""

HARMFUL = {"PYTEST_ADDOPTS": "--collect-only --no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}

ONE = ("test_create.py", "-k", "used_at_once")
"""Arguments that choose one quick scenario."""


def run_pytest(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_tests_of_the_user_may_have_our_option_names(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(TAKEN)
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(request):\n    assert request.config.getoption('--target') == 'local'\n"
    )

    done = run_pytest(tmp_path, "--target", "local")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_help_of_pytest_shows_no_option_of_ours(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--help")

    assert done.returncode == 0
    assert "roomproof" not in done.stdout.lower()
    assert "--capability" not in done.stdout


def test_a_plugin_may_have_our_option_names(tmp_path: Path) -> None:
    (tmp_path / "taken.py").write_text(TAKEN)

    with listening(*REFERENCE) as url:
        run = verify(
            tmp_path,
            *("-p", "taken", *ONE, "-n", "2", f"--target={url}", "--capability", "fetch"),
            environment={"PYTHONPATH": str(tmp_path)},
        )

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert (run.results[0]["target"], run.results[0]["capabilities"]) == (url, ["fetch"])


def test_scenarios_run_by_package_name_beside_taken_options(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(TAKEN)

    with listening(*REFERENCE) as url:
        arguments = ("--pyargs", scenarios_package(), *ONE[1:], "--target", url)
        run = verify(tmp_path, *arguments, module=("-m", "pytest"))

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.results[0]["target"] == url


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_variables_for_tests_of_the_user_change_no_verdict(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = verify(tmp_path, *ONE, *workers, environment={**HARMFUL, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert len(run.scenarios("passed")) == 1


def test_a_python_without_assertions_is_a_usage_error(tmp_path: Path) -> None:
    run = verify(tmp_path, *ONE, environment={"PYTHONOPTIMIZE": "1"})

    assert run.code == 4, run.output
    assert "unset PYTHONOPTIMIZE" in run.output
    assert run.results == []

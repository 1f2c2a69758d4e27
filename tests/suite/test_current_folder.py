"""Modules in the current folder do not matter to anything that Roomproof starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from roomproof.client.tcp import LocalTroubleError
from roomproof.topologies.embedded import reference_server
from tests.listening import REFERENCE, listening
from tests.suite.verify import clean_environment, verify

NAMES = ("brotli", "json", "logging", "msgspec", "reference_server", "secrets", "select", "websocket")
"""Modules of Python, of libraries, of libraries that might be missing, and of Roomproof."""

COMMAND = str(Path(sys.executable).parent / "roomproof")


@pytest.fixture
def shadows(tmp_path: Path) -> Path:
    """A folder of modules that must never be imported."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('imported {name} from the current folder')\n")
    return tmp_path


environments = pytest.mark.parametrize("path", [None, "here", ""], ids=["no PYTHONPATH", "the folder", "empty"])


def environment(path: str | None, folder: Path) -> dict[str, str]:
    if path is None:
        return {}
    return {"PYTHONPATH": str(folder) if path else os.pathsep}


@environments
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_verify_does_not_import_them(shadows: Path, path: str | None, workers: tuple[str, ...]) -> None:
    arguments = [COMMAND, "verify", "test_order.py", *workers]
    done = subprocess.run(
        arguments, cwd=shadows, env=clean_environment() | environment(path, shadows), capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_verify_as_a_module_does_not_import_them(shadows: Path) -> None:
    run = verify(shadows, "test_order.py", "-n", "2")

    assert run.code == 0, run.output


def test_a_topology_does_not_import_them(shadows: Path) -> None:
    run = verify(shadows, "test_order.py", "--topology", "single", environment={"PYTHONPATH": str(shadows)})

    assert run.code == 0, run.output


@environments
def test_load_does_not_import_them(shadows: Path, path: str | None) -> None:
    with listening(*REFERENCE) as url:
        arguments = [COMMAND, "load", "steady", "--headless", "--host", url, "-u", "2", "-t", "3"]
        done = subprocess.run(
            arguments, cwd=shadows, env=clean_environment() | environment(path, shadows), capture_output=True, text=True
        )

    assert (done.returncode, "VALID" in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr


def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reference_server.py").write_text("raise SystemExit('no soup today')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with (
        pytest.raises(LocalTroubleError, match=r"its end with code 1; it said: no soup today"),
        reference_server(deadline=1),
    ):
        pass

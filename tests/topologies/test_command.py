"""`--topology` on the command line: its errors, and that it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.suite.verify import clean_environment, interrupt, verify
from tests.topologies.leftovers import eventually, front_port, listens, processes_of

HERE = str(Path(__file__).parent)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--topology", "ring"], "single, sticky, pubsub", id="an unknown topology"),
        pytest.param(["--topology", "sticky", "--target", "http://h"], "got both", id="a topology and a target"),
        pytest.param(["--topology", "sticky", "--affinity", "stars"], "address, cookie, header", id="an affinity"),
        pytest.param(["--topology", "single", "--affinity", "cookie"], "got single", id="an affinity without a front"),
        pytest.param(["--target", "http://h", "--affinity", "cookie"], "target file", id="an affinity of one's own"),
        pytest.param(["--affinity", "cookie"], "--topology", id="an affinity without a topology"),
        pytest.param(["--topology", "sticky", "--capability", "fetch"], "--target", id="a capability"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    run = verify(tmp_path, *arguments)

    assert (run.code, run.results) == (4, [])
    assert complaint in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
@pytest.mark.parametrize(
    ("topology", "missing", "hint"),
    [("sticky", "nginx", "apt-get install nginx-light"), ("pubsub", "redis-server", "apt-get install redis-server")],
)
def test_a_missing_program_is_one_sentence(
    tmp_path: Path, topology: str, missing: str, hint: str, workers: tuple[str, ...]
) -> None:
    hidden = {"ROOMPROOF_HIDDEN": missing, "PYTHONPATH": HERE}

    run = verify(tmp_path, "--topology", topology, "-p", "hide", *workers, environment=hidden)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive")
    assert run.verdict["reason"] == f"this topology needs {missing}, which is not installed: {hint}"
    assert "Traceback" not in run.output


@contextmanager
def verifying(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run of the suite with its temporary files in this folder."""
    words = [sys.executable, "-m", "roomproof", "verify", *arguments]
    environment = clean_environment() | {"TMPDIR": str(folder)}
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("nginx")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_nothing_behind(
    tmp_path: Path, how: signal.Signals, workers: tuple[str, ...]
) -> None:
    with verifying(tmp_path, "--topology", "sticky", *workers) as process:
        assert eventually(lambda: any(tmp_path.glob("roomproof-*/nginx/nginx.pid")))
        (folder,) = tmp_path.glob("roomproof-*")
        port = front_port(folder)
        assert eventually(lambda: listens(port))

        os.kill(process.pid, how)
        process.wait()

    assert eventually(lambda: not processes_of(folder)), processes_of(folder)
    assert eventually(lambda: not listens(port)), "expected nginx and its workers to end, but the port still answers"
    assert eventually(lambda: not any(tmp_path.glob("roomproof-*"))), list(tmp_path.iterdir())


@pytest.mark.usefixtures("nginx")
def test_keys_pressed_reach_the_run_and_not_the_topology(tmp_path: Path) -> None:
    run = interrupt(tmp_path, "--topology", "sticky", when='"kind":"scenario"')

    assert run.code == 2, run.output
    assert not [line for line in run.results if line.get("outcome") == "failed"]


@pytest.mark.usefixtures("nginx")
def test_a_failure_shows_what_the_instances_logged(tmp_path: Path) -> None:
    run = verify(tmp_path, "test_order.py", "--topology", "sticky", "-p", "disorder", environment={"PYTHONPATH": HERE})

    assert run.code == 1, run.output
    assert "log of instance-1" in run.output or "log of instance-2" in run.output
    assert "joined chat=" in run.output

"""Topologies in containers, as far as no Docker engine is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite.verify import clean_environment, verify
from tests.topologies.leftovers import eventually

COMPOSE = """#!/bin/sh
# docker-compose -p NAME -f FILE COMMAND ...: notes when a command begins and ends. `up` ends when it is told to.
echo "$5 begins" >> "$NOTES"
[ "$5" != up ] || read -r _ < "$PIPE"
echo "$5 ends" >> "$NOTES"
"""

RUN = """
from roomproof.topologies.compose import Project
Project.open(broadcast="").run("up", within=60)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_missing_engine_is_one_sentence(tmp_path: Path, workers: tuple[str, ...]) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}

    run = verify(tmp_path, "--topology", "compose:sticky", *workers, environment=nowhere)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive")
    assert run.verdict["reason"].startswith("this topology needs a Docker engine, and none answers (apt-get install")
    assert "Traceback" not in run.output


def test_a_killed_run_takes_its_containers_down_at_last(tmp_path: Path) -> None:
    """The watchman first waits for the command that still starts containers."""
    notes, pipe = tmp_path / "notes", tmp_path / "pipe"
    os.mkfifo(pipe)
    for program, script in {"docker": "#!/bin/sh\nexit 1", "docker-compose": COMPOSE}.items():
        (tmp_path / program).write_text(script)
        (tmp_path / program).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = clean_environment() | {"PATH": path, "NOTES": str(notes), "PIPE": str(pipe)}

    with subprocess.Popen([sys.executable, "-c", RUN], env=environment) as process:
        assert eventually(notes.exists)
        process.kill()
        process.wait()
    pipe.write_text("go on\n")

    assert eventually(lambda: "down ends" in notes.read_text())
    assert notes.read_text().split("\n") == ["up begins", "up ends", "down begins", "down ends", ""]

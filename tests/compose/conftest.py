"""The Docker engine and the stack that these tests need."""

import gc
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from roomproof.topologies.compose import command_line
from roomproof.topologies.containers import Engine
from roomproof.topologies.ports import reserved_port
from roomproof.topologies.topology import TopologyError
from tests.listening import ROOT

SECONDS = 600.0
"""Maximum time of a command, in seconds. The first command builds the images."""

HINT = "apt-get install docker.io docker-compose, and start dockerd; without an image registry, on Debian as root: "
HINT += "../shared/tools/offline-docker"


def missing() -> str:
    """Tell in a sentence what is missing for these tests; empty if nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the docker package leaves open what it could not connect
        try:
            command_line()
            Engine.connect().close()
        except TopologyError as error:
            sentence = str(error)
        else:
            return ""
        gc.collect()
        return sentence


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The Docker engine.

    Where none answers, the tests are skipped, but under CI, where all must run, they fail.
    """
    if sentence := missing():
        reason = f"{sentence}. How to get it: {HINT}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with closing(Engine.connect()) as found:
        yield found


@dataclass(frozen=True)
class Stack:
    """The stack in a project of its own, and the commands that people type."""

    project: str
    port: int
    broadcast: str = ""

    def compose(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of Compose."""
        environment = {**os.environ, "HTTP_PORT": str(self.port), "HEARTBEAT": "3", "BROADCAST": self.broadcast}
        environment["LOCUST_PORT"] = "0"
        command = [*command_line(), "-p", self.project, *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def log_of(self, service: str) -> str:
        """The output of `docker-compose logs`."""
        return self.compose("logs", "--no-color", service).stdout


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Stack]:
    """The stack that `docker-compose up` starts."""
    assert engine
    with reserved_port() as port:
        stack = Stack(f"roomproof-test-{os.getpid()}", port)
        try:
            up = stack.compose("up", "--detach", "--build")
            assert up.returncode == 0, up.stdout + up.stderr
            yield stack
        finally:
            down = stack.compose("down", "--volumes", "--rmi", "local", "--timeout", "1")
            assert down.returncode == 0, down.stderr

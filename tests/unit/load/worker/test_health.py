"""The load of a process: the shares of a core that it used, and that it needed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.load.worker import health
from roomproof.load.worker.health import Health
from tests.listening import PATIENCE

SPIN = "while True: pass"


@pytest.fixture
def crowded_core() -> Iterator[None]:
    """A core that this process has to share."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    with subprocess.Popen([sys.executable, "-c", SPIN]) as other:
        yield
        other.kill()
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("crowded_core")
@pytest.mark.skipif(not health.SCHEDULED.exists(), reason="this system does not tell how long a thread had to wait")
def test_the_time_that_others_have_the_core_is_counted() -> None:
    before, deadline = health.seconds_in_queue(), time.monotonic() + PATIENCE
    while health.seconds_in_queue() - before < 0.1 and time.monotonic() < deadline:
        pass

    assert health.seconds_in_queue() - before >= 0.1


class Machine:
    """The clocks of a process, set by hand."""

    def __init__(self) -> None:
        self.now = self.cpu = self.queued = 0.0

    def monotonic(self) -> float:
        return self.now

    def monotonic_ns(self) -> int:
        return round(self.now * 1e9)

    def cpu_seconds(self) -> float:
        return self.cpu

    def seconds_in_queue(self) -> float:
        return self.queued


@pytest.mark.parametrize(
    ("cpu", "queued", "used", "needed"),
    [
        pytest.param(1.0, 1.0, 0.5, 1.0, id="it waits for a core that others have"),
        pytest.param(0.1, 0.0, 0.05, 0.05, id="it has little to do"),
    ],
)
def test_the_demand_is_what_a_process_used_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, cpu: float, queued: float, used: float, needed: float
) -> None:
    machine = Machine()
    for name, fake in {
        "time": machine,
        "cpu_seconds": machine.cpu_seconds,
        "seconds_in_queue": machine.seconds_in_queue,
    }.items():
        monkeypatch.setattr(health, name, fake)
    measured = Health()
    measured.start()
    machine.now, machine.cpu, machine.queued = 2.0, cpu, queued
    measured.sample()
    measured.stop()

    assert (measured.cpu, measured.demand) == (used, needed)


def test_a_system_that_does_not_tell_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SCHEDULED", tmp_path / "nothing")

    assert health.seconds_in_queue() == 0

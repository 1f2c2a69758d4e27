"""What a generator measures of itself."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.load.worker import health
from roomproof.load.worker.health import Health

SPIN = "import time; end = time.monotonic() + 30\nwhile time.monotonic() < end: pass"


@pytest.fixture
def crowded_core() -> Iterator[None]:
    """A core that this process has to share."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    with subprocess.Popen([sys.executable, "-c", SPIN]) as other:
        yield
        other.kill()
    os.sched_setaffinity(0, cores)


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.mark.usefixtures("crowded_core")
@pytest.mark.skipif(not health.SCHEDULED.exists(), reason="this system does not tell how long a thread had to wait")
def test_who_does_not_get_the_core_needs_it_all_the_same() -> None:
    measured = Health()
    measured.start()
    spin(1)
    measured.sample()
    measured.stop()

    assert measured.cpu < 0.9 < measured.demand


def test_who_has_nothing_to_do_needs_nothing() -> None:
    measured = Health()
    measured.start()
    time.sleep(0.2)
    measured.sample()
    measured.stop()

    assert measured.demand < 0.5


def test_a_system_that_does_not_tell_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SCHEDULED", tmp_path / "nothing")

    assert health.seconds_in_queue() == 0

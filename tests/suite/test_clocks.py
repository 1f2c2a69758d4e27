"""A clock that is set during a run breaks no rule of a server that tells the time."""

from pathlib import Path

import pytest

from tests.suite.verify import verify

TESTERS_CLOCK_SET = """
import datetime, time
import pytest

time_s, time_ns = time.time, time.time_ns

@pytest.fixture(scope="session", autouse=True)
def clock_that_is_set(server_ahead):
    time.time = lambda: time_s() + {step}
    time.time_ns = lambda: time_ns() + {step} * 10**9
    yield
    time.time, time.time_ns = time_s, time_ns
"""
"""A plugin that sets the wall clock of this process after the server's clock was measured."""

SERVERS_CLOCK_SET = """
import importlib
from roomproof.client import clock
from roomproof.suite.paths import scenarios_package

conftest = importlib.import_module(scenarios_package() + ".conftest")
measure = clock.server_ahead_ns
conftest.server_ahead_ns = lambda http: measure(http) + {step} * 10**9
"""
"""A plugin that lets the first measurement be made with another clock of the server."""

SCENARIOS = ("test_create.py::test_a_room_says_when_it_was_made", "test_deliver_when.py")


@pytest.mark.parametrize("plugin", [TESTERS_CLOCK_SET, SERVERS_CLOCK_SET], ids=["the tester's", "the server's"])
@pytest.mark.parametrize("step", [120, -120])
def test_a_clock_that_is_set_breaks_no_rule(tmp_path: Path, plugin: str, step: int) -> None:
    (tmp_path / "clock_set.py").write_text(plugin.format(step=step))
    run = verify(tmp_path, *SCENARIOS, "-p", "clock_set", "-n", "2", environment={"PYTHONPATH": str(tmp_path)})

    assert run.rules("broken") == set(), run.output
    assert {"DELIVER-8", "CREATE-1"} <= run.rules("held")

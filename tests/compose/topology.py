"""The suite starts the stack itself, by `--topology compose:NAME`.

Not collected by default, because it takes minutes and a Docker engine: `tox -e compose`.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from roomproof.topologies.containers import Engine
from tests.suite.verify import verify
from tests.topologies.leftovers import eventually
from tests.topologies.test_command import HERE, verifying

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def left_over(engine: Engine) -> Callable[[], set[str]]:
    """Names the containers of the topologies that were started since.

    Others may have been there before.
    """

    def names() -> set[str]:
        return {str(one.name) for one in engine.projects("roomproof-topology-")}

    before = names()
    return lambda: names() - before


@pytest.mark.parametrize(
    ("topology", "which"),
    [
        # These differ from the local topologies only in how parts break, and in how the front notices. Together these
        # scenarios break every part. Both topologies can take all scenarios; the suite inside has run the others.
        ("compose:sticky", "test_sticky or back_is_used_again or stood_still or reloading or store_is_away"),
        ("compose:pubsub", "test_pubsub or dies_find_another or who_cannot_be_heard or stalls"),
    ],
)
def test_the_stack_is_what_it_says_and_survives_what_breaks(
    tmp_path: Path, left_over: Callable[[], set[str]], topology: str, which: str
) -> None:
    run = verify(tmp_path, "--topology", topology, "-n", "2", "-k", which, "--tb=short")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert not left_over()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_takes_its_containers_down(
    tmp_path: Path, left_over: Callable[[], set[str]], how: signal.Signals
) -> None:
    with verifying(tmp_path, "--topology", "compose:sticky") as process:
        assert eventually(lambda: any("chat-service" in name for name in left_over()))

        os.kill(process.pid, how)
        process.wait()

    assert eventually(lambda: not left_over()), left_over()


def test_a_failure_shows_what_the_containers_logged(tmp_path: Path) -> None:
    arguments = ("test_order.py", "--topology", "compose:sticky", "-p", "disorder")
    run = verify(tmp_path, *arguments, environment={"PYTHONPATH": HERE})

    assert run.code == 1, run.output
    assert "log of chat-service-1" in run.output or "log of chat-service-2" in run.output
    assert "joined chat=" in run.output

"""The kill matrix: the suite against every planted fault, and against the server without any.

Not collected by default, because it takes minutes: `tox -e faults`, or `pytest tests/faults/matrix.py -n 4`. With the
variable ROOMPROOF_MATRIX set to a folder, each run leaves its verdict there, for the page (see `page.py`).
"""

import json
import os
from pathlib import Path

import pytest

from roomproof.spec.rules import Level, load
from roomproof.topologies.embedded import CAPABILITIES, FAR_ZONE
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.forked import serving, verify
from tests.faults.freedoms import SHOULDS_NOT_KEPT
from tests.faults.server import CLEAN
from tests.suite.verify import Run

DEADLINE = "1"
"""Faults make the suite wait in vain: the less time it gives, the sooner it is through. In seconds."""

HINDERING = (
    "echo missing",
    "first words after a join lost",
    "membership a moment late",
    "chat_id missing in notices",
    "a wrong name joins",
    "deaf after a bad frame",
)
"""Faults that make nearly every scenario wait in vain: these go first, and several workers share the waiting."""


SLOW = ("patient", "slow and strict")
"""Servers without faults that take their time."""


def judged(folder: Path, name: str, *more: str, deadline: str = DEADLINE) -> Run:
    """Run the suite against the server with this fault, and leave the verdict for the page."""
    capabilities = [word for capability in (*CAPABILITIES, *more) for word in ("--capability", capability)]
    options = ["--port", "0", "--database", ":memory:", "--heartbeat", "3", "--log-level", "error"]
    workers = ["-n", "4"] if name in (*HINDERING, *SLOW) else []
    with serving(name, *options, zone=FAR_ZONE) as url:
        run = verify(
            folder, "--target", url, *capabilities, "--exclusive", "--deadline", deadline, "--tb=no", "-q", *workers
        )
    if "ROOMPROOF_MATRIX" in os.environ:
        file = Path(os.environ["ROOMPROOF_MATRIX"]) / f"{name}.json"
        file.write_text(json.dumps({"fault": name, "code": run.code, "verdict": run.verdict}))
    return run


@pytest.mark.parametrize(
    "fault", [pytest.param(FAULTS[name], id=name) for name in sorted(FAULTS, key=lambda name: name not in HINDERING)]
)
def test_a_fault_is_found_by_its_own_rule(tmp_path: Path, fault: Fault) -> None:
    run = judged(tmp_path, fault.name, *fault.capabilities)

    level = load().rules[fault.breaks].level
    found = run.rules("broken") | run.rules("warned")
    assert fault.breaks in found, f"{fault.text} The suite found {sorted(found) or 'nothing'}.\n{run.output[-3000:]}"
    shown = " ".join(line["detail"] for line in run.scenarios("failed") + run.scenarios("warned"))
    assert fault.shows is None or f"{fault.shows}, at " in f"{shown} {run.output}", f"not shown as {fault.shows}"
    assert run.code == (1 if level is Level.MUST or run.rules("broken") else 0)


@pytest.mark.parametrize("name", list(CLEAN))
def test_a_server_without_faults_holds_all(tmp_path: Path, name: str) -> None:
    _, capabilities = CLEAN[name]

    run = judged(tmp_path, name, *capabilities, deadline="5")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("broken") == run.rules("untested") == set()
    assert run.rules("warned") == SHOULDS_NOT_KEPT.get(name, set())

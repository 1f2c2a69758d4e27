"""The kill matrix: the suite against all faults, and against correct servers.

Not collected by default, because it takes minutes. `tox -e faults` ends the run against a fault once the fault's own
rule is broken. `tox -e matrix` runs the whole suite against each: every other rule that the fault breaks must be listed
with it, and every listed one broken. It sets the variable ROOMPROOF_MATRIX to a folder, where each run leaves its
verdict for the table (see `table.py`).
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from roomproof.spec.rules import Level, read_protocol
from roomproof.topologies.embedded import CAPABILITIES, FAR_ZONE
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.forked import serving, verify
from tests.faults.freedoms import SHOULDS_NOT_KEPT
from tests.faults.plants.tokens import KEYS
from tests.faults.server import CLEAN, TABLES
from tests.suite.verify import Run

VERDICTS = os.environ.get("ROOMPROOF_MATRIX")
"""The folder for the verdicts of whole runs; None where a run ends once its fault is found."""

DEADLINE = "1"
"""The deadline in seconds. It is short, because faults make the suite wait until it has passed."""

HINDERING = (
    "echo missing",
    "first message after a join lost",
    "membership a moment late",
    "chat_id missing in notices",
    "joins announced under a wrong name",
    "messages after a bad frame ignored",
)
"""Faults with which nearly every scenario waits until the deadline.

Whole runs with these go first, and have several workers.
"""


SLOW = ("patient", "slow and strict")
"""Servers without faults that take their time."""


OPTIONS = ("--port", "0", "--database", ":memory:", "--heartbeat", "3", "--log-level", "error")
"""The options of each server."""


def declaring(capabilities: Iterable[str]) -> list[str]:
    """Return the arguments that declare these capabilities."""
    return [word for name in capabilities for word in ("--capability", name)]


def judged(folder: Path, name: str, capabilities: tuple[str, ...], *arguments: str, tables: str = "") -> Run:
    """Run the suite against the server of this name, and keep the verdict.

    The server declares these capabilities, too. `tables` are those of its target file.
    """
    declared = declaring((*CAPABILITIES, *capabilities))
    with serving(name, *OPTIONS, zone=FAR_ZONE) as url:
        target = target_of(folder, url, tables) if tables else url
        run = verify(folder, "--target", target, *declared, "--exclusive", "--tb=no", "-q", *arguments, variables=KEYS)
    if VERDICTS is not None:
        file = Path(VERDICTS) / f"{name}.json"
        file.write_text(json.dumps({"fault": name, "code": run.code, "verdict": run.verdict}))
    return run


def target_of(folder: Path, url: str, tables: str) -> str:
    """Write a target file, and return its path."""
    file = folder / "target.toml"
    file.write_text(f'url = "{url}"\n{tables}')
    return str(file)


def effort(fault: Fault) -> list[str]:
    """Return the arguments that select scenarios for a fault, and workers."""
    if VERDICTS is None:
        only = ["--rule", fault.breaks] if fault.runs > 1 else []
        return ["-p", "tests.faults.until_found", "--until-found", fault.name, *only]
    return ["-n", "4"] if fault.name in HINDERING else []


@pytest.mark.parametrize("name", list(CLEAN))
def test_a_server_without_faults_holds_all(tmp_path: Path, name: str) -> None:
    _, capabilities = CLEAN[name]

    workers = ["-n", "4"] if name in SLOW else []
    run = judged(tmp_path, name, capabilities, *workers, tables=TABLES.get(name, ""))

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("broken") == run.rules("untested") == set()
    assert run.rules("warned") == SHOULDS_NOT_KEPT.get(name, set())


@pytest.mark.parametrize(
    "fault", [pytest.param(FAULTS[name], id=name) for name in sorted(FAULTS, key=lambda name: name not in HINDERING)]
)
def test_a_fault_is_found_by_its_own_rule(tmp_path: Path, fault: Fault) -> None:
    options = ("--deadline", DEADLINE, *fault.options, *effort(fault))
    for _ in range(fault.runs):
        run = judged(tmp_path, fault.name, fault.capabilities, *options, tables=fault.tables)
        found = run.rules("broken") | run.rules("warned")
        if fault.breaks in found:
            break

    level = read_protocol().rules[fault.breaks].level
    assert fault.breaks in found, f"{fault.text} The suite found {sorted(found) or 'nothing'}.\n{run.output[-3000:]}"
    shown = " ".join(line["detail"] for line in run.scenarios("failed") + run.scenarios("warned"))
    assert fault.is_shown_in(f"{shown} {run.output}"), f"not shown as {fault.shows}"
    if VERDICTS is not None:
        assert (fault.unexpected(found), fault.unbroken(found)) == (set(), set()), run.output[-3000:]
    assert run.code == (1 if level is Level.MUST or run.rules("broken") else 0)

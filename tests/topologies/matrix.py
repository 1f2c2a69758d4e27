"""The suite on every topology, and on topologies with each fault of a topology.

Not collected by default, because it takes minutes: `tox -e topologies`, or `pytest tests/topologies/matrix.py -n 2`.
If the variable ROOMPROOF_MATRIX names a folder, the verdicts are written there for the table (see `table.py`).
"""

import json
import os
from pathlib import Path

import pytest

from roomproof.spec.rules import Level, read_protocol
from roomproof.topologies.local import PLANS
from tests.conftest import require
from tests.listening import ROOT
from tests.suite.verify import Run, verify
from tests.topologies.catalogue import TOPOLOGY_FAULTS
from tests.topologies.fault import VARIABLE, TopologyFault


@pytest.fixture(autouse=True)
def _programs() -> None:
    require("nginx", "apt-get install nginx-light")
    require("redis-server", "apt-get install redis-server")


@pytest.mark.parametrize("topology", PLANS)
def test_a_topology_without_faults_holds_all(tmp_path: Path, topology: str) -> None:
    run = verify(tmp_path, "--topology", topology, "-n", "2", "--tb=short")

    if "ROOMPROOF_MATRIX" in os.environ:
        (Path(os.environ["ROOMPROOF_MATRIX"]) / f"{topology}.json").write_text(json.dumps(run.verdict))
    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("broken") == run.rules("warned") == run.rules("untested") == set()


AFFINITIES = {
    "sticky by cookie": ("sticky", "cookie", ("test_sticky.py", "test_stats.py", "test_faults.py")),
    "pubsub by cookie": ("pubsub", "cookie", ("test_sticky.py", "test_pubsub.py", "test_stats.py")),
    "sticky by header": ("sticky", "header", ("test_sticky.py",)),
}
"""Topologies whose fronts go by something else than addresses, and the scenarios about it."""


@pytest.mark.parametrize(
    ("topology", "affinity", "scenarios"), [pytest.param(*case, id=name) for name, case in AFFINITIES.items()]
)
def test_a_front_holds_all_whatever_it_goes_by(
    tmp_path: Path, topology: str, affinity: str, scenarios: tuple[str, ...]
) -> None:
    run = verify(tmp_path, *scenarios, "--topology", topology, "--affinity", affinity, "-n", "2", "--tb=short")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= ({"STICKY-1", "STICKY-2"} if topology == "sticky" else {"PUBSUB-1"})
    assert run.rules("broken") == run.rules("warned") == set()


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in TOPOLOGY_FAULTS.items()])
def test_a_fault_is_found_by_its_own_rule(tmp_path: Path, fault: TopologyFault) -> None:
    run = planted(tmp_path, fault)

    found = run.rules("broken") | run.rules("warned")
    assert fault.breaks in found, f"{fault.text} The suite found {sorted(found) or 'nothing'}.\n{run.output[-5000:]}"
    assert run.code == (1 if read_protocol().rules[fault.breaks].level is Level.MUST or run.rules("broken") else 0)


def planted(folder: Path, fault: TopologyFault) -> Run:
    """Run the scenarios that have to find a fault."""
    plugin = ("-p", "tests.topologies.planted", "--topology", fault.topology, "--affinity", fault.affinity)
    more = {VARIABLE: fault.name, "PYTHONPATH": str(ROOT)}
    return verify(folder, *fault.found_by, *plugin, "--tb=no", "-q", environment=more)

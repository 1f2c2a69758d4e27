"""Load on several instances: rooms span clients and instances."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from roomproof.dialects.affinity import Affinity, AffinityKind
from roomproof.topologies import instance
from roomproof.topologies.local import LocalTopology
from tests.conftest import require
from tests.listening import ROOT
from tests.load.locust import FinishedLoad, load
from tests.topologies.discreet import change_configuration, hide_instances

COOKIE = Affinity(AffinityKind.COOKIE, "route")
HEADER = Affinity(AffinityKind.HEADER, "X-Client")

CHURN = ("churn", "-t", "8", "--rate", "4", "--room-size", "6")


@pytest.fixture(autouse=True)
def _programs() -> None:
    require("nginx", "apt-get install nginx-light")
    require("redis-server", "apt-get install redis-server")


@pytest.fixture
def pubsub() -> Iterator[LocalTopology]:
    with closing(LocalTopology.start("pubsub", deadline=5, breakable=False)) as topology:
        yield topology


def loaded(
    folder: Path, topology: LocalTopology, kind: str, script: str, *options: str, affinity: str = ""
) -> FinishedLoad:
    """Run against a topology as all its clients, named in a target file."""
    target = topology.handle.target
    file = folder / "target.toml"
    addresses = ", ".join(f'"{address}"' for address in target.addresses)
    lines = (f'url = "{target.url}"', f'capabilities = ["{kind}"]', f'affinity = "{affinity or target.affinity}"')
    file.write_text("\n".join([*lines, f"source_addresses = [{addresses}]"]))
    return load(folder, script, str(file), *options)


@pytest.mark.parametrize(
    ("kind", "rules"),
    [pytest.param("sticky", {"STICKY-4"}, id="sticky"), pytest.param("pubsub", {"PUBSUB-3", "PUBSUB-4"}, id="pubsub")],
)
def test_several_instances_are_valid(tmp_path: Path, kind: str, rules: set[str]) -> None:
    with closing(LocalTopology.start(kind, deadline=5, breakable=False)) as topology:
        run = loaded(tmp_path, topology, kind, *CHURN)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= rules
    assert len(run.verdict["instances"]) == 2


@pytest.mark.parametrize("affinity", [COOKIE, HEADER], ids=str)
def test_rooms_span_instances_whatever_the_front_goes_by(tmp_path: Path, affinity: Affinity) -> None:
    with closing(LocalTopology.start("sticky", deadline=5, breakable=False, affinity=affinity)) as topology:
        run = loaded(tmp_path, topology, "sticky", *CHURN)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert "STICKY-4" in run.rules("held")
    assert len(run.verdict["instances"]) == 2


def test_rooms_span_instances_without_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_configuration(monkeypatch, lambda text: text.replace("ip_hash;", ""))
    with closing(LocalTopology.start("pubsub", deadline=5, breakable=False)) as topology:
        run = loaded(tmp_path, topology, "pubsub", *CHURN, affinity="none")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= {"PUBSUB-3", "PUBSUB-4"}


def test_a_front_that_never_sets_the_cookie_is_inconclusive(tmp_path: Path) -> None:
    with closing(LocalTopology.start("sticky", deadline=5, breakable=False, affinity=COOKIE)) as topology:
        run = loaded(tmp_path, topology, "sticky", *CHURN, affinity="cookie:rout")

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "expected the front to set the cookie rout" in run.verdict["reason"]


def test_instances_that_do_not_hear_each_other_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = (sys.executable, "-m", "tests.topologies.server", "nothing crosses")
    monkeypatch.setattr(instance, "SERVER", deaf)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)  # instances import nothing from the current folder, PYTHONPATH or not

    with closing(LocalTopology.start("pubsub", deadline=5, breakable=False)) as topology:
        run = loaded(tmp_path, topology, "pubsub", *CHURN)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output


def test_a_server_that_is_not_sticky_is_found(tmp_path: Path, pubsub: LocalTopology) -> None:
    run = loaded(tmp_path, pubsub, "sticky", *CHURN)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert "STICKY-4" in run.rules("broken")


def test_a_topology_that_was_not_crossed_is_inconclusive(tmp_path: Path, pubsub: LocalTopology) -> None:
    addresses = ("--capability", "pubsub", "--source-addresses", "127.0.1.1,127.0.1.2")
    run = load(tmp_path, "steady", pubsub.handle.target.url, "-t", "5", *addresses)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "topology not crossed" in run.verdict["reason"]


def test_instances_are_known_without_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front sends no X-Upstream, so the statistics have to tell."""
    hide_instances(monkeypatch)
    with closing(LocalTopology.start("sticky", deadline=5, breakable=False)) as topology:
        run = loaded(tmp_path, topology, "sticky", *CHURN)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert "STICKY-4" in run.rules("held")
    assert len(run.verdict["instances"]) == 2

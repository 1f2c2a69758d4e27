"""The suite tells instances apart, whatever the front says and clients do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.topologies.local import LocalTopology
from tests.suite.verify import Run, verify
from tests.topologies.discreet import hide_instances

pytestmark = pytest.mark.usefixtures("nginx")

FORWARDED = [f"203.0.{number}.7" for number in range(6)]
BOUND = [f"127.0.{number}.1" for number in range(1, 7)]


def judged(folder: Path, topology: LocalTopology, **addresses: list[str]) -> Run:
    """Run scenarios of several instances against a topology as a user's target."""
    lines = [f"{name} = {value}" for name, value in addresses.items()]
    declared = ", ".join(f'"{name}"' for name in ("sticky", "fetch", "delete"))
    text = "\n".join([f'url = "{topology.handle.target.url}"', f"capabilities = [{declared}]", *lines])
    (folder / "target.toml").write_text(text)
    return verify(folder, "test_sticky.py", "test_stats.py", "test_faults.py", "--target", "target.toml")


@pytest.fixture
def sticky() -> Iterator[LocalTopology]:
    """A sticky topology."""
    topology = LocalTopology.start("sticky", deadline=5, breakable=False)
    yield topology
    topology.close()


@pytest.fixture
def discreet(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTopology]:
    """A sticky topology whose front does not name the instance that served."""
    hide_instances(monkeypatch)
    topology = LocalTopology.start("sticky", deadline=5, breakable=False)
    yield topology
    topology.close()


ADDRESSES = {"source_addresses": BOUND, "forwarded_addresses": FORWARDED}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_many_addresses_are_many_clients(tmp_path: Path, sticky: LocalTopology, kind: str) -> None:
    run = judged(tmp_path, sticky, **{kind: ADDRESSES[kind]})

    assert run.code == 0, run.output
    assert run.rules("held") >= {"STICKY-1", "STICKY-2", "STICKY-3", "STICKY-4"}
    assert run.rules("not_applicable") >= {"STICKY-5", "STICKY-9"}, "expected no broken parts in a topology of the user"


@pytest.mark.parametrize("kind", ADDRESSES)
def test_statistics_tell_instances_apart_if_the_front_cannot(
    tmp_path: Path, discreet: LocalTopology, kind: str
) -> None:
    run = judged(tmp_path, discreet, **{kind: ADDRESSES[kind]})

    assert run.code == 0, run.output
    assert run.rules("held") >= {"STICKY-1", "STICKY-2", "STICKY-3", "STICKY-4"}


@pytest.mark.parametrize("addresses", [{}, {"source_addresses": BOUND[:1]}], ids=["none named", "one named"])
def test_with_one_address_several_instances_cannot_be_told(
    tmp_path: Path, sticky: LocalTopology, addresses: dict[str, list[str]]
) -> None:
    run = judged(tmp_path, sticky, **addresses)

    assert run.code == 0, run.output
    assert "STICKY-1" in run.rules("held")
    assert run.rules("not_applicable") >= {"STICKY-2", "STICKY-3", "STICKY-4"}


def test_addresses_of_one_instance_are_no_sticky_topology(tmp_path: Path, sticky: LocalTopology) -> None:
    run = judged(tmp_path, sticky, source_addresses=["127.0.1.1", "127.0.1.2"])

    assert run.code == 1
    assert "STICKY-2" in run.rules("broken")

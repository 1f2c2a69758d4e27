"""A local topology serves, its parts break and come back, and nothing of it stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.client.http import Http
from roomproof.topologies.local import LocalTopology
from tests.topologies.leftovers import listens, processes_of

pytestmark = pytest.mark.usefixtures("nginx")


@pytest.fixture
def sticky() -> Iterator[LocalTopology]:
    """A sticky topology."""
    topology = LocalTopology.start("sticky", deadline=5, breakable=True)
    try:
        yield topology
    finally:
        topology.close()


def reached(topology: LocalTopology) -> set[str | None]:
    """The instances that the client addresses reach."""
    target = topology.handle.target
    return {Http(target, address).request("GET", "/health").instance for address in target.addresses}


def test_all_instances_are_reached(sticky: LocalTopology) -> None:
    assert reached(sticky) == {instance.upstream for instance in sticky.instances}


def test_an_instance_that_was_killed_comes_back_where_it_was(sticky: LocalTopology) -> None:
    one, two = sticky.instances

    one.kill()
    assert reached(sticky) == {two.upstream}
    one.start()

    assert Http(sticky.handle.target).request("GET", "/health").ok
    assert listens(one.port)


def test_nothing_stays_of_a_topology_closed_during_a_pause(sticky: LocalTopology) -> None:
    folder = Path(sticky.handle.where)
    port = sticky.instances[0].port
    sticky.instances[0].pause()

    sticky.close()

    assert not folder.exists()
    assert not processes_of(folder)
    assert not listens(port)

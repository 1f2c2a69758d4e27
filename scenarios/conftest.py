"""The target, the stage and the rooms of a scenario."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roomproof.client.clock import server_ahead_ns
from roomproof.client.exchange_log import ExchangeLog
from roomproof.client.http import Http
from roomproof.client.target import Target
from roomproof.nemesis.site import Site
from roomproof.recorder import Recorder
from roomproof.stage.clients import Clients, observe
from roomproof.stage.idle_pair import IdlePair
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.suite.applicability import skip_as_inapplicable
from roomproof.suite.end_plugin import IDLE_PAIR_KEY
from roomproof.suite.leftovers import LEFTOVERS_KEY, Leftovers
from roomproof.suite.options import add_options
from roomproof.suite.scenario_plugin import RECORDER_KEY, STAGE_KEY
from roomproof.suite.scenario_run import TARGET_KEY, begin
from roomproof.suite.topology_plugin import TOPOLOGY_KEY
from roomproof.topologies import catalogue
from roomproof.topologies.embedded import reference_server
from roomproof.topologies.topology import Inapplicable, Store


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make pytest in this folder a run of scenarios."""
    begin(config, Path(__file__).resolve().parent)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The server under test.

    It is the declared target, that of the topology, or a reference server of this worker's own.
    """
    handle = request.config.stash.get(TOPOLOGY_KEY, None)
    declared = handle.target if handle else request.config.stash[TARGET_KEY]
    if declared is None:
        with reference_server(deadline=request.config.option.roomproof_deadline) as embedded:
            yield embedded
        return
    # Parallel workers share the server, so its statistics are not exact for any of them.
    alone = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) == 1
    declared = replace(declared, exclusive=declared.exclusive and alone)
    yield replace(declared, instances=observe(declared, Http(declared))) if declared.has_instances else declared


@pytest.fixture(scope="session")
def server_ahead(target: Target) -> int:
    """Nanoseconds by which the server's clock is ahead of ours."""
    return server_ahead_ns(Http(target))


@pytest.fixture(scope="session")
def clients(target: Target) -> Clients:
    """The clients of this worker, sorted by the instance that they reach."""
    return Clients(target.instances, target.affinity)


@pytest.fixture(scope="session")
def homes(clients: Clients) -> Iterator[str | None]:
    """One client per scenario in turn, so that all instances have scenarios."""
    return itertools.cycle(clients.homes)


@pytest.fixture
def http(request: pytest.FixtureRequest, target: Target, homes: Iterator[str | None]) -> Http:
    """HTTP requests to the server under test, of the client of this scenario."""
    http = Http(target, next(homes))
    recorder = request.node.stash[RECORDER_KEY] = Recorder()  # that of the stage replaces it
    http.log = ExchangeLog(recorder)
    return http


@pytest.fixture(scope="session")
def known_ids() -> set[str]:
    """The ids of all rooms that this worker has made."""
    return set()


@pytest.fixture(scope="session")
def backstage(
    request: pytest.FixtureRequest, target: Target, server_ahead: int, known_ids: set[str], clients: Clients
) -> Iterator[Stage]:
    """The stage of this process itself.

    The idle pair is there, and from there the statistics are looked at after each scenario.
    """
    http = Http(target, clients.homes[0])
    stage = Stage.open(target, http, server_ahead=server_ahead, known_ids=known_ids, clients=clients)
    http.log = None  # this history lasts as long as the process
    request.config.stash[LEFTOVERS_KEY] = Leftovers(stage)
    pair = request.config.stash[IDLE_PAIR_KEY] = IdlePair.sit_down(stage)
    stage.bystanders = pair
    yield stage
    if pair:
        pair.fall_silent()
    stage.close()


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    target: Target,
    http: Http,
    server_ahead: int,
    known_ids: set[str],
    clients: Clients,
    backstage: Stage,
) -> Stage:
    """The stage of one scenario. The scenario plugin closes and judges it."""
    stage = Stage.open(target, http, server_ahead=server_ahead, known_ids=known_ids, clients=clients)
    stage.bystanders = backstage.bystanders
    request.node.stash[STAGE_KEY] = stage
    request.node.stash[LEFTOVERS_KEY] = request.config.stash[LEFTOVERS_KEY]
    return stage


@pytest.fixture
def kitchen(stage: Stage) -> Room:
    """A room."""
    return stage.room("Kitchen")


@pytest.fixture
def garage(stage: Stage) -> Room:
    """Another room."""
    return stage.room("Garage")


@contextlib.contextmanager
def own_site(request: pytest.FixtureRequest, store: Store) -> Iterator[Site]:
    """Start a breakable topology of the kind under test, for this scenario only."""
    option = request.config.option
    name, deadline, affinity = option.roomproof_topology, option.roomproof_deadline, option.roomproof_affinity
    try:
        topology = catalogue.start(name, deadline=deadline, breakable=True, store=store, affinity=affinity)
    except Inapplicable as reason:
        skip_as_inapplicable(request.node, str(reason))
    with contextlib.closing(topology):
        request.node.stash[TOPOLOGY_KEY] = topology.handle
        target = topology.handle.target
        http = Http(target)
        clients = Clients(observe(target, http), target.affinity)
        stage = Stage.open(target, http, server_ahead=server_ahead_ns(http), known_ids=set(), clients=clients)
        request.node.stash[STAGE_KEY] = stage
        yield Site.set_up(topology, stage)


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A breakable topology of this scenario's own."""
    with own_site(request, "sqlite") as site:
        yield site


@pytest.fixture
def site_on_dynamodb(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A breakable topology of this scenario's own, whose store can be taken away."""
    with own_site(request, "dynamodb") as site:
        yield site

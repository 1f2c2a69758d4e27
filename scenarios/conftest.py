"""Who is on stage in a scenario, and where."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roomproof.embedded import reference_server
from roomproof.http import Http
from roomproof.plugin import TARGET, begin
from roomproof.runner.player import STAGE
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.target import Target


def pytest_configure(config: pytest.Config) -> None:
    """Everything below this folder is a run of scenarios."""
    begin(config, Path(__file__).resolve().parent)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The server under test: the declared one, or a reference server of this worker's own."""
    declared = request.config.stash[TARGET]
    if declared is None:
        with reference_server(deadline=request.config.option.deadline) as embedded:
            yield embedded
        return
    # Parallel workers are tenants of each other.
    alone = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) == 1
    yield replace(declared, exclusive=declared.exclusive and alone)


@pytest.fixture(scope="session")
def http(target: Target) -> Http:
    """HTTP requests to the server under test."""
    return Http(target)


@pytest.fixture(scope="session")
def server_ahead(http: Http) -> int:
    """How far the server's clock is ahead of ours, in nanoseconds."""
    return http.clock_ahead_ns()


@pytest.fixture(scope="session")
def known_ids() -> set[str]:
    """The ids of all rooms that this worker made."""
    return set()


@pytest.fixture
def stage(request: pytest.FixtureRequest, target: Target, http: Http, server_ahead: int, known_ids: set[str]) -> Stage:
    """The stage of one scenario. The player closes and judges it."""
    stage = Stage(target, http, server_ahead=server_ahead, known_ids=known_ids)
    request.node.stash[STAGE] = stage
    return stage


@pytest.fixture
def kitchen(stage: Stage) -> Room:
    """A room."""
    return stage.room("Kitchen")


@pytest.fixture
def garage(stage: Stage) -> Room:
    """Another room."""
    return stage.room("Garage")

"""Servers in other stacks, written from PROTOCOL.md alone, pass the suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import servers
from tests.suite.verify import verify


@pytest.fixture(scope="module")
def fastapi() -> Iterator[str]:
    with servers.fastapi() as url:
        yield url


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with servers.node() as url:
        yield url


def test_fastapi_on_uvicorn_is_valid(tmp_path: Path, fastapi: str) -> None:
    declared = [word for name in ("fetch", "health", "ping") for word in ("--capability", name)]

    run = verify(tmp_path, "-n", "2", "--target", fastapi, *declared)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("untested") == run.rules("warned") == set()


def test_node_with_ws_is_valid(tmp_path: Path, node: str) -> None:
    declared = [word for name in ("delete", "total-order", "heartbeat=3") for word in ("--capability", name)]

    run = verify(tmp_path, "-n", "2", "--target", node, *declared)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("untested") == run.rules("warned") == set()


def test_eight_workers_share_one_server(tmp_path: Path, fastapi: str) -> None:
    run = verify(tmp_path, "-n", "8", "--target", fastapi, "--capability", "fetch")

    assert run.code == 0, run.output

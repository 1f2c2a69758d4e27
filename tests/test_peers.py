"""The suite passes compatible servers in other stacks, which were written from PROTOCOL.md alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require
from tests.listening import PATIENCE, listening
from tests.suite.verify import verify

PEERS = Path(__file__).parent / "peers"


@pytest.fixture(scope="module")
def fastapi() -> Iterator[str]:
    with listening(sys.executable, str(PEERS / "fastapi_server.py"), "--port", "0") as url:
        yield url


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    program = require("node", "apt-get install nodejs npm")
    if not (PEERS / "node" / "node_modules" / "ws").is_dir():
        npm = require("npm", "apt-get install nodejs npm")
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund"], cwd=PEERS / "node", check=True, timeout=10 * PATIENCE
        )
    with listening(program, str(PEERS / "node" / "server.mjs"), "--port", "0", "--heartbeat", "3") as url:
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

"""Start the compatible servers in other stacks."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import require
from tests.listening import PATIENCE, listening

PEERS = Path(__file__).parent


@contextlib.contextmanager
def fastapi(*options: str) -> Iterator[str]:
    """Run the server on FastAPI and uvicorn, and yield its URL."""
    with listening(sys.executable, "-m", "tests.peers.fastapi_server", "--port", "0", *options) as url:
        yield url


@contextlib.contextmanager
def node(*options: str) -> Iterator[str]:
    """Run the server on Node and `ws`, and yield its URL. Installs `ws` if missing."""
    program = require("node", "apt-get install nodejs npm")
    if not (PEERS / "node" / "node_modules" / "ws").is_dir():
        npm = require("npm", "apt-get install nodejs npm")
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=PEERS / "node",
            check=True,
            timeout=10 * PATIENCE,
        )
    command = (program, str(PEERS / "node" / "server.mjs"), "--port", "0", "--heartbeat", "3", *options)
    with listening(*command) as url:
        yield url

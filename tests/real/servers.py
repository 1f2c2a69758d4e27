"""Start real servers, each in a folder and at a port of its own.

`python -m tests.real.servers NAME` serves one of them until Ctrl-C.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from roomproof.topologies.bus import Redis
from roomproof.topologies.ports import accepts, reserved_port
from roomproof.topologies.process import Process
from tests.listening import PATIENCE

HERE = Path(__file__).parent

NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


def program(name: str, package: str) -> str:
    """Return the path of a program. Fails the test without it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.fail(f"expected the program {name}, found none: apt-get install {package}")
    return path


def installed(folder: Path, package: str) -> str:
    """Return the path of node, after npm has installed what a folder needs.

    Fails the test without node or npm.
    """
    node = program("node", "nodejs")
    if not (folder / "node_modules" / package).is_dir():
        command = [program("npm", "npm"), "install", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(command, cwd=folder, check=True, timeout=10 * PATIENCE)
    return node


@contextlib.contextmanager
def nchan(folder: Path) -> Iterator[str]:
    """Run nginx with its module nchan, and yield its URL."""
    if not NCHAN.is_file():
        pytest.fail(f"expected {NCHAN}, found none: apt-get install nginx libnginx-mod-nchan")
    nginx = program("nginx", "nginx")
    (folder / "temp").mkdir(parents=True)
    folder.chmod(0o755)  # started by root, its workers run as another user
    with reserved_port() as port:
        text = (HERE / "nchan" / "nginx.conf").read_text(encoding="utf-8")
        (folder / "nginx.conf").write_text(text.replace("MODULE", str(NCHAN)).replace("PORT", str(port)))
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), *user]
        with _serving(Process("nginx", command, folder / "nginx.log", ends_by=signal.SIGTERM), port) as url:
            yield url


@contextlib.contextmanager
def socketio(folder: Path) -> Iterator[str]:
    """Run the chat application of Socket.IO, and yield its URL."""
    node = installed(HERE / "socketio", "socket.io")
    folder.mkdir()
    with reserved_port() as port:
        command = [node, str(HERE / "socketio" / "chat.mjs"), str(port)]
        with _serving(Process("node", command, folder / "node.log"), port) as url:
            yield url


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis, and yield its URL."""
    program("redis-server", "redis-server")
    folder.mkdir()
    with reserved_port() as port:
        server = Redis.prepare(folder, port)
        try:
            server.start()
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.stop()


@contextlib.contextmanager
def channels(folder: Path) -> Iterator[str]:
    """Run the chat application of Channels on Daphne, with a Redis; yield its URL."""
    for package in ("channels", "channels_redis", "daphne"):
        if find_spec(package) is None:
            pytest.fail(f"expected the package {package}, found none: run `tox -e real`")
    folder.mkdir()
    with redis(folder / "redis") as bus, reserved_port() as port:
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "chat:application"]
        environment = {"REDIS": bus, "PYTHONPATH": str(HERE / "channels")}
        process = Process("daphne", command, folder / "daphne.log", environment=environment)
        with _serving(process, port) as url:
            yield url


@contextlib.contextmanager
def _serving(process: Process, port: int) -> Iterator[str]:
    """Start a process, and stop it at the end."""
    try:
        process.launch(lambda: accepts(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def main(name: str) -> None:
    """Serve until Ctrl-C."""
    serve = {"nchan": nchan, "socketio": socketio, "channels": channels}[name]
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "server") as url:
        print(f"listening on {url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])

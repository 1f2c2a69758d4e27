"""nginx in front of local instances, with the configuration that Roomproof ships."""

import os
import resource
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from roomproof.dialects.affinity import ADDRESS, Affinity, AffinityKind
from roomproof.topologies.ports import accepts
from roomproof.topologies.process import POLL_SECONDS, START_SECONDS, Process, find
from roomproof.topologies.topology import TopologyError

PACKAGE = "nginx-light"

CONFIGURATION = "nginx.conf"

AFFINITIES = {
    ADDRESS: "ip_hash;",
    Affinity(AffinityKind.COOKIE, "route"): "hash $route consistent;",
    Affinity(AffinityKind.HEADER, "X-Client"): "hash $http_x_client consistent;",
}
"""The kinds of affinity that the configuration has, and the line of affinity.conf for each."""


def shipped_folder() -> Path:
    """The folder of the configuration: in a checkout beside this package, else in it."""
    beside = Path(__file__).resolve().parents[2] / "nginx"
    return beside if (beside / CONFIGURATION).is_file() else Path(__file__).resolve().parents[1] / "nginx"


def server_line(upstream: str) -> str:
    """The line of upstreams.conf for an instance."""
    return f"server {upstream} max_fails=3 fail_timeout=5s;"


def write_configuration(folder: Path, port: int, upstreams: Sequence[str], affinity: Affinity) -> None:
    """Write the configuration for these instances and this affinity into a folder."""
    shutil.copy(shipped_folder() / CONFIGURATION, folder / CONFIGURATION)
    set_cookie = "add_header Set-Cookie $new_route always;\n" if affinity.kind is AffinityKind.COOKIE else ""
    (folder / "listen.conf").write_text(f"{set_cookie}listen 127.0.0.1:{port};\n")
    (folder / "affinity.conf").write_text(f"{AFFINITIES[affinity]}\n")
    (folder / "upstreams.conf").write_text("".join(f"{server_line(upstream)}\n" for upstream in upstreams))


class Nginx:
    """The front of several instances."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.port = port
        self._process = process
        self._pid_file = folder / "nginx.pid"

    @classmethod
    def prepare(cls, folder: Path, port: int, upstreams: Sequence[str], affinity: Affinity = ADDRESS) -> "Nginx":
        """Write the configuration into a new folder. Raises TopologyError without nginx."""
        program = find("nginx", PACKAGE)
        folder.mkdir()
        folder.chmod(0o755)  # started by root, its workers run as another user
        write_configuration(folder, port, upstreams, affinity)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        directives = f"worker_rlimit_nofile {most};" + (" user root;" if os.geteuid() == 0 else "")
        command = [program, "-p", str(folder), "-c", str(folder / CONFIGURATION), "-g", directives]
        # SIGKILL would leave its workers behind.
        process = Process("nginx", command, folder.parent / "nginx.log", ends_by=signal.SIGTERM)
        return cls(process, folder, port)

    @property
    def url(self) -> str:
        """The URL at which clients find nginx."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start nginx and wait until it serves. Raises TopologyError if it fails."""
        self._process.launch(lambda: self._pid_file.exists() and accepts(self.port))

    def reload(self) -> None:
        """Make nginx read its configuration again, and wait until the old workers leave.

        Raises TopologyError if they do not.
        """
        before = self._farewells()
        self._process.send(signal.SIGHUP)
        deadline = time.monotonic() + START_SECONDS
        while self._farewells() == before:
            if time.monotonic() > deadline:
                raise TopologyError(
                    f"expected nginx to reload within {START_SECONDS:g} s, got {self._process.last_lines()}"
                )
            time.sleep(POLL_SECONDS)

    def _farewells(self) -> int:
        return self._process.log.read_text(errors="replace").count("gracefully shutting down")

    def stop(self) -> None:
        """Ask nginx to end, and wait until it has ended."""
        self._process.stop()

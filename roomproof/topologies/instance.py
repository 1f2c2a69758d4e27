"""An instance of the reference server as a process of a local topology."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from roomproof.topologies.embedded import FAR_ZONE
from roomproof.topologies.link import TcpLink
from roomproof.topologies.process import Process
from roomproof.topologies.store import CREDENTIALS

SERVER: tuple[str, ...] = (sys.executable, "-P", "-m", "reference_server")
"""The command that serves, without its options."""

HEARTBEAT_SECONDS = "3"


class LocalInstance:
    """One process of the service, always on the same port."""

    def __init__(
        self, name: str, folder: Path, port: int, options: Sequence[str], *, bus: TcpLink | None = None
    ) -> None:
        self.name = name
        self.bus = bus
        self.port = port
        command = [*SERVER, "--host", "127.0.0.1", "--port", str(port), "--heartbeat", HEARTBEAT_SECONDS, *options]
        log = folder / f"{name}.log"
        self._process = Process(name, command, log, environment={"TZ": FAR_ZONE, **CREDENTIALS}, ends_by=signal.SIGKILL)

    @property
    def upstream(self) -> str:
        """The name of the instance in X-Upstream."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its own URL, without a front."""
        return f"http://{self.upstream}"

    def start(self) -> None:
        """Start the instance and wait until it is healthy. Raises TopologyError."""
        self._process.launch(self._is_healthy)

    def _is_healthy(self) -> bool:
        try:
            with build_opener(ProxyHandler({})).open(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def kill(self) -> None:
        """Kill the instance, as a crash does."""
        self._process.kill()

    def stop(self) -> None:
        """Ask the instance to end, and wait until it has ended."""
        self._process.stop()

    def pause(self) -> None:
        """Stop the process of the instance, so that it neither answers nor ends."""
        self._process.pause()

    def resume(self) -> None:
        """Continue the process of the instance."""
        self._process.resume()

"""Redis as the bus between local instances."""

from pathlib import Path

from roomproof.topologies.process import Process, find

PACKAGE = "redis-server"


class Redis:
    """A Redis that keeps nothing, on a port that it keeps."""

    name = "redis"

    def __init__(self, folder: Path, port: int) -> None:
        """Raises TopologyError where Redis is missing."""
        program = find("redis-server", PACKAGE)
        self.port = port
        options = {"port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": str(folder)}
        command = [program, *(word for name, value in options.items() for word in (f"--{name}", value))]
        self._log = folder / "redis.log"
        self._process = Process(self.name, command, self._log)

    def start(self) -> None:
        """Start it, and wait until it serves."""
        ready = b"Ready to accept connections"
        before = self._log.read_bytes().count(ready) if self._log.exists() else 0
        self._process.launch(lambda: self._log.read_bytes().count(ready) > before)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.stop()

    def pause(self) -> None:
        """Make it stand still."""
        self._process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._process.resume()

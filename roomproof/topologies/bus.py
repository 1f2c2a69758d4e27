"""Redis as the bus between local instances."""

from pathlib import Path

from roomproof.topologies.process import Process, find

PACKAGE = "redis-server"


class Redis:
    """A Redis without persistence, always on the same port."""

    name = "redis"

    def __init__(self, process: Process, port: int) -> None:
        self.port = port
        self._process = process

    @classmethod
    def prepare(cls, folder: Path, port: int) -> "Redis":
        """Prepare a Redis that is not started yet.

        Raises TopologyError without the program.
        """
        program = find("redis-server", PACKAGE)
        options = {"port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": str(folder)}
        command = [program, *(word for name, value in options.items() for word in (f"--{name}", value))]
        return cls(Process(cls.name, command, folder / "redis.log"), port)

    def start(self) -> None:
        """Start Redis and wait until it serves. Raises TopologyError if it fails."""
        ready = b"Ready to accept connections"
        log = self._process.log
        before = log.read_bytes().count(ready) if log.exists() else 0
        self._process.launch(lambda: log.read_bytes().count(ready) > before)

    def kill(self) -> None:
        """Kill Redis, as a crash does."""
        self._process.kill()

    def stop(self) -> None:
        """Ask Redis to end, and wait until it has ended."""
        self._process.stop()

    def pause(self) -> None:
        """Stop the process of Redis, so that it neither answers nor ends."""
        self._process.pause()

    def resume(self) -> None:
        """Continue the process of Redis."""
        self._process.resume()

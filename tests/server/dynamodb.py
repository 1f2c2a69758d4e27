"""A DynamoDB for tests: moto's server in a process of its own."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from roomproof.topologies.ports import reserved_port
from tests.server.process import eventually


def listens(port: int) -> bool:
    """Whether a process listens on this port of the loopback address."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@dataclass(frozen=True)
class Dynamodb:
    """A running DynamoDB."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop the process while the context lasts."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def dynamodb(port: int | None = None) -> Iterator[Dynamodb]:
    """Run an empty DynamoDB, on a free port unless one is given."""
    if port is None:
        with reserved_port() as own, dynamodb(own) as one:
            yield one
        return
    command = [sys.executable, "-m", "tests.server.one_at_a_time", str(port)]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: process.poll() is not None or listens(port), "moto's server listens")
            assert process.poll() is None, f"moto's server ended with {process.poll()}"
            yield Dynamodb(port, process)
        finally:
            process.kill()

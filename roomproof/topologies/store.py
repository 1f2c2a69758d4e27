"""A stand-in for DynamoDB between local instances: moto's server."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from roomproof.topologies.link import TcpLink
from roomproof.topologies.ports import accepts
from roomproof.topologies.process import Process
from roomproof.topologies.topology import Inapplicable

CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
"""Any credentials: the stand-in accepts all, but its clients need some."""


class DynamoDb:
    """The store of rooms, behind a link that can be cut."""

    def __init__(self, process: Process, link: TcpLink, port: int) -> None:
        self.link = link
        self._process = process
        self._port = port

    @classmethod
    def prepare(cls, folder: Path, port: int) -> "DynamoDb":
        """Open the link to a store that is not started yet.

        Raises Inapplicable without moto.
        """
        if importlib.util.find_spec("moto") is None:
            raise Inapplicable("a store that can be taken away needs moto: pip install 'roomproof[dev]'")
        command = [sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        return cls(Process("dynamodb", command, folder / "dynamodb.log"), TcpLink.open(port), port)

    @property
    def options(self) -> list[str]:
        """The options with which an instance uses this store."""
        return ["--store", "dynamodb", "--dynamodb-endpoint", f"http://127.0.0.1:{self.link.port}"]

    def start(self) -> None:
        """Start the store and wait until it serves. Raises TopologyError if it fails."""
        self._process.launch(lambda: accepts(self._port))

    def stop(self) -> None:
        """End the store and the link to it."""
        self.link.close()
        self._process.kill()

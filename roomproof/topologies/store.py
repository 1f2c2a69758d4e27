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
"""The stand-in believes anybody, but its clients insist on having some."""


class DynamoDb:
    """The store, behind a link that can be cut."""

    def __init__(self, folder: Path, port: int) -> None:
        """Raises Inapplicable where moto is missing."""
        if importlib.util.find_spec("moto") is None:
            raise Inapplicable("a store that can be taken away needs moto: pip install 'roomproof[dev]'")
        self._port = port
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self._process = Process("dynamodb", command, folder / "dynamodb.log")
        self.link = TcpLink(port)

    @property
    def options(self) -> list[str]:
        """What makes an instance use it."""
        return ["--store", "dynamodb", "--dynamodb-endpoint", f"http://127.0.0.1:{self.link.port}"]

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self._process.launch(lambda: accepts(self._port))

    def stop(self) -> None:
        """End it."""
        self.link.close()
        self._process.kill()

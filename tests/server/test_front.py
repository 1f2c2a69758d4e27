"""The shipped front, seen from the instance behind it."""

import http.server
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from roomproof.topologies.front import Nginx
from roomproof.topologies.ports import reserved_port
from tests.conftest import require
from tests.listening import in_threads


class _Instance(http.server.BaseHTTPRequestHandler):
    """An instance that answers with the headers Upgrade and Connection that it got."""

    def do_GET(self) -> None:
        answer = f"{self.headers['Upgrade']} {self.headers['Connection']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require("nginx", "apt-get install nginx-light")
    folder: Path = tmp_path_factory.mktemp("front")
    with in_threads(_Instance) as address, reserved_port() as port:
        nginx = Nginx.prepare(folder / "nginx", port, [address])
        nginx.start()
        yield nginx.url
        nginx.stop()


@pytest.mark.parametrize("path", ["/api/chats", "/api/chats/ws/chat-1", "/api/chats/ws/stats"])
@pytest.mark.parametrize(
    ("upgrade", "handed_on"),
    [
        ("websocket", "websocket upgrade"),
        ("WebSocket", "websocket upgrade"),
        ("h2c", "None close"),
        ("h2c, websocket", "None close"),
    ],
)
def test_only_websockets_are_handed_on(front: str, path: str, upgrade: str, handed_on: str) -> None:
    headers = {"Upgrade": upgrade, "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk"}

    answer = urllib3.request("GET", front + path, headers=headers, retries=False)

    assert answer.data.decode() == handed_on

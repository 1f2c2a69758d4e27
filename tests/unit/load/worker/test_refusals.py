"""What a server answers to a handshake that it does not want is known by its status, a redirection's too."""

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

import pytest

from roomproof.client.target import Target
from roomproof.load.transport.socket import RefusedError, connect
from tests.listening import in_threads


@contextlib.contextmanager
def refusing(status: int, **headers: str) -> Iterator[str]:
    """A server that answers every request like this."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with in_threads(Handler) as address:
        yield f"http://{address}"


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        pytest.param(503, {"Content_Length": "0"}, "", id="another status"),
        pytest.param(307, {"Location": "/elsewhere"}, "redirected to /elsewhere", id="a redirection"),
        pytest.param(308, {}, "redirected to nowhere", id="a redirection to nowhere"),
    ],
)
def test_an_answer_that_is_no_upgrade_is_a_refusal(status: int, headers: dict[str, str], reason: str) -> None:
    with refusing(status, **headers) as url, pytest.raises(RefusedError) as refused:
        connect(Target(url), "kitchen", "alice", cast(Any, None), source=None)

    assert (refused.value.status, str(refused.value)) == (status, reason)


def test_an_upgrade_that_proves_nothing_is_no_proper_answer() -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": "soup"}
    with refusing(101, **upgrade) as url, pytest.raises(RefusedError, match="Invalid WebSocket Header") as refused:
        connect(Target(url), "kitchen", "alice", cast(Any, None), source=None)

    assert refused.value.status is None

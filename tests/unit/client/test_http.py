"""HTTP requests to a target."""

import socket
import threading
from collections.abc import Iterator

import pytest

from roomproof.client.http import Http
from roomproof.client.target import Target

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def server_that_closes_without_a_word() -> Iterator[str]:
    """A server that closes each connection after one answer, without saying so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(ANSWER)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def test_no_request_meets_a_connection_that_was_given_up(server_that_closes_without_a_word: str) -> None:
    http = Http(Target(server_that_closes_without_a_word))

    assert [http.request("GET", "/health").status for _ in range(3)] == [200, 200, 200]

"""A server of raw bytes that keeps all requests and answers them alike."""

import contextlib
import socket
import threading
from collections.abc import Iterator

FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"


class Answering:
    """A listener on 127.0.0.1 that keeps the head of each request."""

    def __init__(self, listener: socket.socket, answer: bytes) -> None:
        self.port: int = listener.getsockname()[1]
        self.heads: list[bytes] = []
        self._listener = listener
        self._answer = answer

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self.heads.append(_head(connection))
                    connection.sendall(self._answer)

    def lines(self, name: str) -> list[str]:
        """All header lines of this name in the last request."""
        lines = self.heads[-1].decode("latin-1").split("\r\n")[1:]
        return [line for line in lines if line.partition(":")[0].lower() == name.lower()]


def _head(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received and (data := connection.recv(65_536)):
        received += data
    return received.partition(b"\r\n\r\n")[0]


@contextlib.contextmanager
def answering(answer: bytes = FORBIDDEN) -> Iterator[Answering]:
    """Serve on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Answering(listener, answer)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)

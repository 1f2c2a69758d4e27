"""Servers that do nothing worth testing.

Each is a function that handles one accepted TCP connection.
"""

import base64
import contextlib
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from roomproof.verdict import Conclusion

Behaviour = Callable[[socket.socket], None]

NULLS: dict[str, Behaviour] = {}
"""All null servers by name, except the one that accepts no connection."""

DEAF = "hangs on connect"

EXPECTED = {DEAF: Conclusion.INCONCLUSIVE}
"""The verdict on each null server: invalid where an answer breaks a rule, inconclusive where no answer comes."""


def null(name: str, expected: Conclusion) -> Callable[[Behaviour], Behaviour]:
    """Register a null server."""

    def register(behave: Behaviour) -> Behaviour:
        NULLS[name] = behave
        EXPECTED[name] = expected
        return behave

    return register


@dataclass(frozen=True, slots=True)
class NullServer:
    """A null server that is listening."""

    url: str
    links: list[socket.socket] = field(default_factory=list)
    """The connections accepted so far."""


@contextlib.contextmanager
def null_server(behave: Behaviour) -> Iterator[NullServer]:
    """Serve on a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = NullServer(_url(listener))
        threading.Thread(target=_accept, args=(listener, behave, server.links), daemon=True).start()
        try:
            yield server
        finally:
            for link in server.links:
                link.close()


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _accept(listener: socket.socket, behave: Behaviour, links: list[socket.socket]) -> None:
    while True:
        try:
            link, _ = listener.accept()
        except OSError:
            return  # the listener is closed
        links.append(link)
        threading.Thread(target=_serve, args=(behave, link), daemon=True).start()


def _serve(behave: Behaviour, link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        behave(link)


@contextlib.contextmanager
def deaf_server() -> Iterator[NullServer]:
    """Open a port that takes no connection: its backlog is full, and nothing accepts."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield NullServer(_url(listener))


def read_request(link: socket.socket) -> tuple[str, dict[str, str]]:
    """Return the first line and the headers of a request, after reading its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(65_536)
        if not more:
            raise ConnectionError("the client closed the connection in the middle of a request")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    left = int(headers.get("content-length", "0")) - len(body)
    while left > 0:
        left -= len(link.recv(65_536))
    return first, headers


def answer(link: socket.socket, status: str, fields: object) -> None:
    body = json.dumps(fields).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    link.sendall(head.encode() + b"\r\n\r\n" + body)
    link.shutdown(socket.SHUT_WR)


def good_http(link: socket.socket) -> dict[str, str] | None:
    """Answer a request as a chat server does and return None.

    Return the headers of a handshake, without an answer.
    """
    first, headers = read_request(link)
    if headers.get("upgrade"):
        return headers
    match first.split()[:2]:
        case ["GET", "/api/chats/ws/stats"]:
            answer(link, "200 OK", {"total_connections": 0, "active_rooms": [], "rooms_count": 0})
        case ["POST", "/api/chats"]:
            room = {"id": "chat-1", "name": "x", "metadata": {}, "created_at": "2025-12-23T22:12:34"}
            answer(link, "201 Created", room)
        case _:
            answer(link, "200 OK", {})
    return None


def accept_websocket(link: socket.socket, headers: dict[str, str]) -> None:
    key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    link.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
    )


@null("closes at once", Conclusion.INCONCLUSIVE)
def closes_at_once(link: socket.socket) -> None:
    link.close()


# It makes rooms and completes handshakes as we ask for, so it speaks our protocol.
@null("closes sockets at once", Conclusion.INVALID)
def closes_sockets(link: socket.socket) -> None:
    headers = good_http(link)
    if headers is not None:
        accept_websocket(link, headers)
        link.close()


# It makes rooms and takes members as we ask for, so it speaks our protocol.
@null("accepts and says nothing", Conclusion.INVALID)
def says_nothing(link: socket.socket) -> None:
    headers = good_http(link)
    if headers is not None:
        accept_websocket(link, headers)
        while link.recv(65_536):
            pass


@null("drips the head of its answers", Conclusion.INCONCLUSIVE)
def drips_heads(link: socket.socket) -> None:
    read_request(link)
    _drip(link, b"HTTP/1.1 200 OK\r\nX-Filler: ")


@null("drips the body of its answers", Conclusion.INCONCLUSIVE)
def drips_bodies(link: socket.socket) -> None:
    read_request(link)
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    _drip(link, b"")


@null("answers without end", Conclusion.INCONCLUSIVE)
def answers_without_end(link: socket.socket) -> None:
    read_request(link)
    link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        link.sendall(bytes(2**20))


# It makes rooms as we ask for, and then lets nobody in.
@null("drips its handshakes", Conclusion.INVALID)
def drips_handshakes(link: socket.socket) -> None:
    if good_http(link) is not None:
        _drip(link, b"HTTP/1.1 101 Switching Protocols\r\nX-Filler: ")


def _drip(link: socket.socket, beginning: bytes) -> None:
    """Send `beginning`, then a byte every 0.2 s until the client closes."""
    link.sendall(beginning)
    while True:
        time.sleep(0.2)
        link.sendall(b"x")


# It makes rooms as we ask for, and 403 is a refusal of our protocol.
@null("refuses everyone", Conclusion.INVALID)
def refuses(link: socket.socket) -> None:
    if good_http(link) is not None:
        answer(link, "403 Forbidden", {"error": "no"})


# Its frames have a type and a content of ours: it speaks our protocol, and badly.
@null("echoes raw frames", Conclusion.INVALID)
def echoes(link: socket.socket) -> None:
    headers = good_http(link)
    if headers is None:
        return
    accept_websocket(link, headers)
    while head := link.recv(6):
        # Frames of the preflight are short: a head of two bytes, four of the mask, then the payload.
        payload = bytes(byte ^ head[2 + at % 4] for at, byte in enumerate(link.recv(head[1] & 0x7F)))
        link.sendall(bytes((head[0], len(payload))) + payload)


@null("echoes whatever comes", Conclusion.INCONCLUSIVE)
def echoes_bytes(link: socket.socket) -> None:
    while data := link.recv(65_536):
        link.sendall(data)


@null("never answers", Conclusion.INCONCLUSIVE)
def never_answers(link: socket.socket) -> None:
    while link.recv(65_536):
        pass


# An error of the server, by its own word, for a request that every server has to grant.
@null("answers 500 to all", Conclusion.INVALID)
def answers_500(link: socket.socket) -> None:
    read_request(link)
    answer(link, "500 Internal Server Error", {"error": "broken"})


# A page instead of JSON: this is no chat server of ours at all.
@null("answers 200 and a page to all", Conclusion.INCONCLUSIVE)
def answers_a_page(link: socket.socket) -> None:
    read_request(link)
    answer(link, "200 OK", "<html>Welcome to nginx!</html>")


@null("speaks garbage", Conclusion.INCONCLUSIVE)
def garbage(link: socket.socket) -> None:
    link.sendall(bytes(range(256)) * 16)
    link.close()

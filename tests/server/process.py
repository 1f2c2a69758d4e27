"""A reference server in a process of its own, and its clients."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3
import websocket
from websocket import ABNF, WebSocket, WebSocketBadStatusException

PATIENCE = 20.0
"""Seconds after which a test gives up waiting for something that does not happen."""

ROOT = Path(__file__).parents[2]


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s in vain until {what}"
        time.sleep(0.02)


@dataclass
class Answer:
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A WebSocket client: a member, once the server has accepted it."""

    def __init__(self, url: str, receive_buffer: int | None = None) -> None:
        options = [] if receive_buffer is None else [(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)]
        self.socket: WebSocket = websocket.create_connection(
            url, timeout=PATIENCE, sockopt=options, http_no_proxy=["*"]
        )

    def say(self, content: str) -> None:
        """Send a message."""
        self.socket.send(json.dumps({"type": "message", "content": content}))

    def hears(self) -> Any:
        """Return the next frame, decoded."""
        opcode, data = self._next()
        assert opcode == ABNF.OPCODE_TEXT, f"expected a text frame, got opcode {opcode} with {data!r}"
        return json.loads(data)

    def hears_close(self) -> int:
        """Return the code of the Close frame, which has to come next; 0 if it has none."""
        opcode, data = self._next()
        assert opcode == ABNF.OPCODE_CLOSE, f"expected Close, got opcode {opcode} with {data!r}"
        return int.from_bytes(data[:2])

    def hears_all(self) -> tuple[list[Any], int]:
        """Return all frames before the Close frame, and its code."""
        heard = []
        while (frame := self._next())[0] == ABNF.OPCODE_TEXT:
            heard.append(json.loads(frame[1]))
        return heard, int.from_bytes(frame[1][:2])

    def _next(self) -> tuple[int, bytes]:
        while True:
            opcode, frame = self.socket.recv_data_frame(control_frame=True)
            if opcode in {ABNF.OPCODE_TEXT, ABNF.OPCODE_CLOSE, ABNF.OPCODE_BINARY}:
                return opcode, frame.data


@dataclass
class Server:
    """A running server. The connections that it opened are closed with it."""

    process: "subprocess.Popen[str]"
    url: str
    log_file: Path
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        self.http = self.opened.enter_context(urllib3.PoolManager(retries=False, timeout=PATIENCE))

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def resident_bytes(self) -> int:
        """The memory of the process."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def descriptors(self) -> int:
        """The number of open file descriptors of the process."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def ask(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Answer:
        """Send a request. A body of bytes is sent as it is, anything else as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.http.request(method, self.url + path, body=data, headers={"Content-Type": content_type})
        return Answer(answer.status, answer.headers, answer.data)

    def make_room(self) -> str:
        """Make a room, and return its id."""
        chat_id = self.ask("POST", "/api/chats", {"name": "Kitchen", "created_by": "alice"}).json["id"]
        assert isinstance(chat_id, str)
        return chat_id

    def connect(self, chat_id: str, user_id: str, receive_buffer: int | None = None) -> Client:
        """Open a connection.

        Raises WebSocketBadStatusException if the handshake is refused.
        """
        query = "?user_id=" + quote(user_id, safe="")
        client = Client(f"{self.url.replace('http', 'ws', 1)}/api/chats/ws/{chat_id}{query}", receive_buffer)
        self.opened.callback(client.socket.shutdown)
        return client

    def refusal(self, path: str) -> int:
        """Try to connect, and return the HTTP status or the close code of the refusal."""
        try:
            socket_ = websocket.create_connection(
                self.url.replace("http", "ws", 1) + path, timeout=PATIENCE, http_no_proxy=["*"]
            )
        except WebSocketBadStatusException as refused:
            return _status(refused)
        try:
            opcode, frame = socket_.recv_data_frame(control_frame=True)
            assert opcode == ABNF.OPCODE_CLOSE
            return int.from_bytes(frame.data[:2])
        finally:
            socket_.shutdown()  # `close` would leave the socket open, because the Close frame was answered

    def link(self, receive_buffer: int | None = None) -> socket.socket:
        """Return a socket that is connected to the server."""
        link = self.opened.enter_context(socket.socket())
        link.settimeout(PATIENCE)
        if receive_buffer is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        link.connect(self.address)
        return link

    def raw(self, chat_id: str, user_id: str, receive_buffer: int | None = None) -> socket.socket:
        """Return a socket on which the handshake was sent, but no answer was read."""
        link = self.link(receive_buffer)
        link.sendall(handshake(chat_id, user_id))
        return link

    def members(self) -> int:
        """Return the number of members of this instance."""
        total = self.ask("GET", "/api/chats/ws/stats").json["total_connections"]
        assert isinstance(total, int)
        return total

    def end(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def _status(refused: WebSocketBadStatusException) -> int:
    assert set(json.loads(refused.resp_body or b"")) == {"error"}
    return refused.status_code


def handshake(chat_id: str, user_id: str) -> bytes:
    """Return the request that opens a WebSocket."""
    return (
        f"GET /api/chats/ws/{chat_id}?user_id={user_id} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def text_frame(text: str) -> bytes:
    """Return a masked text frame."""
    return ABNF.create_frame(text, ABNF.OPCODE_TEXT).format()


def command(*options: str) -> list[str]:
    """Return the command that starts a server with these options."""
    return [sys.executable, "-m", "reference_server", *options]


@contextlib.contextmanager
def running(folder: Path, *options: str, program: str | None = None) -> Iterator[Server]:
    """Run a server on a free port with its rooms in memory.

    ``program`` is Python source to run instead of the package.
    """
    log_file = folder / "stderr.txt"
    wanted = ["--port", "0", "--database", ":memory:", *options]
    arguments = command(*wanted) if program is None else [sys.executable, "-c", program, *wanted]
    with (
        log_file.open("w") as log,
        subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on http://"), f"unexpected {line!r}; {log_file.read_text()}"
            server = Server(process, line.split()[-1], log_file)
            with server.opened:
                yield server
        finally:
            process.kill()

"""A connection says goodbye as its dialect does, right before its Close frame."""

import contextlib
import threading
from collections.abc import Iterator

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from roomproof.client.connection import ClientConnection
from roomproof.client.service import Service, UserSource
from roomproof.client.target import Target
from roomproof.dialects.session import UserRow
from roomproof.history import Closing, Sent
from roomproof.recorder import Recorder
from tests.unit.dialects.files import dialect_of

TEXT = """
codec = "text"
without = ["notices", "errors", "sender", "timestamps"]

[room]
implicit = "room-{random}"

[connect]
path = "/{room}"
query = {token = "{token}"}

[users]
file = "people.csv"

[say]
frame = "{content}"
"""

LEAVE = """
[leave]
frame = "bye {token}"
"""


class People(UserSource):
    """Users who have a token."""

    def row(self, name: str) -> UserRow:
        return UserRow(name, {"token": "opensesame"})


@contextlib.contextmanager
def received() -> Iterator[tuple[str, list[object]]]:
    """Serve on a free port. Yields the URL, and what arrives: frames and a code."""
    arrived: list[object] = []

    def keep(connection: ServerConnection) -> None:
        try:
            while True:
                arrived.append(connection.recv())
        except ConnectionClosed as closed:
            arrived.append(closed.rcvd.code if closed.rcvd else None)

    with serve(keep, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", arrived
        finally:
            server.shutdown()
            thread.join(10)


def leave_after_a_word(url: str, text: str) -> list[Sent | Closing]:
    """Connect, say something and leave; return what the history has of it."""
    recorder = Recorder()
    target = Target(url, service=Service(dialect_of(text), People()))
    connection = ClientConnection(target, recorder, "kitchen", "alice")
    assert connection.open()
    connection.say("soup")
    connection.begin_close()
    assert recorder.wait_for(lambda: connection.closed, 10)
    return [event for event in recorder.events() if isinstance(event, Sent | Closing)]


def test_the_frame_comes_right_before_the_close_frame() -> None:
    with received() as (url, arrived):
        history = leave_after_a_word(url, TEXT + LEAVE)

    assert arrived == ["soup", "bye opensesame", 1000]
    assert [event.text if isinstance(event, Sent) else event.code for event in history] == ["soup", "bye ...", 1000]


def test_without_the_table_a_close_frame_says_all() -> None:
    with received() as (url, arrived):
        leave_after_a_word(url, TEXT)

    assert arrived == ["soup", 1000]

"""A server that does what the reference server avoids."""

import contextlib
import json
import threading
from collections.abc import Iterator

from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

STATS = {"total_connections": 0, "active_rooms": [], "rooms_count": 0}


@contextlib.contextmanager
def odd_server(readable_by: str) -> Iterator[str]:
    """Run a server that cuts every WebSocket without a Close frame, and yield its URL.

    It answers every request with stats, which only pages of the origin ``readable_by`` can read.
    """

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        response = connection.respond(200, json.dumps(STATS))
        response.headers["Access-Control-Allow-Origin"] = readable_by
        return response

    with serve(_cut, "127.0.0.1", 0, process_request=answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"


def _cut(connection: ServerConnection) -> None:
    connection.close_socket()

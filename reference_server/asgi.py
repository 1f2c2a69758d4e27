"""The application for another ASGI server: ``uvicorn reference_server.asgi:app``.

The environment variable CHAT_DATABASE names the SQLite file. Heartbeat, time limits and the limit of connections are
those of the ASGI server. So is the end of a member that was given up: ASGI cannot abort a link, so the socket of a
member that reads nothing stays open until the server's own pings are missed.
"""

import os

from reference_server.app import create_app
from reference_server.clock import Clock
from reference_server.instance import Instance
from reference_server.sqlite_store import SqliteStore

_store = SqliteStore.open(os.environ.get("CHAT_DATABASE") or "chats.sqlite3")
app = create_app(_store, Instance(Clock()))


@app.after_serving
async def _close() -> None:
    _store.close()

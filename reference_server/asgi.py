"""The application for another ASGI server: ``uvicorn reference_server.asgi:app``.

The environment variable CHAT_DATABASE names the SQLite file. Heartbeat and limits are those of the ASGI server.
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

"""The reference server, but slow to make rooms.

`python -m tests.load.slow_rooms` takes the options of the server.
"""

import asyncio
import sys
from typing import Any

from reference_server.__main__ import main
from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import wrap

SLOW_S = 1.0
"""Seconds that making a room takes."""


def make_slowly(create: Any) -> Any:
    """Delay the method that makes a room."""

    async def slow(self: SqliteStore, chat: Any) -> Any:
        await asyncio.sleep(SLOW_S)
        return await create(self, chat)

    return slow


if __name__ == "__main__":
    wrap(SqliteStore, "create", make_slowly)
    sys.exit(main())

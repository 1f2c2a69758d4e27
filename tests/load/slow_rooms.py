"""The reference server, but slow to make rooms: `python -m tests.load.slow_rooms [its own options]`."""

import asyncio
import sys
from typing import Any

from reference_server.__main__ import main
from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import wrap

SLOW_S = 1.0
"""So long it takes to make a room."""


def make_slowly(create: Any) -> Any:
    """The same, later."""

    async def slow(self: SqliteStore, chat: Any) -> Any:
        await asyncio.sleep(SLOW_S)
        return await create(self, chat)

    return slow


if __name__ == "__main__":
    wrap(SqliteStore, "create", make_slowly)
    sys.exit(main())

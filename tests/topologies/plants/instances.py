"""Faults of instances that only show where there are several of them, or where one is broken."""

import asyncio
import os
import time
from typing import Any

from reference_server import serve
from reference_server.member import Member
from tests.faults.fault import wrap
from tests.topologies.fault import server_fault

PAUSED = ("test_faults.py", "-k", "stood_still")
DIES = ("test_faults.py", "-k", "dies")


@server_fault("a store for each instance", topology="sticky", breaks="STICKY-3", found_by=("test_sticky.py",))
@server_fault("a store for each behind a bus", topology="pubsub", breaks="PUBSUB-2", found_by=("test_sticky.py",))
def separate_stores() -> None:
    """Each instance has a store of its own."""
    wrap(serve, "SqliteStore", lambda store: lambda path, *more: store(f"{path}.{os.getpid()}", *more))


@server_fault("a pause forgets", topology="sticky", breaks="STICKY-7", found_by=PAUSED)
@server_fault("a pause forgets behind a bus", topology="pubsub", breaks="PUBSUB-6", found_by=PAUSED)
def a_pause_forgets() -> None:
    """What was said to an instance that stood still is thrown away."""
    last = time.monotonic()
    deaf_until = 0.0

    def wrapped(hear: Any) -> Any:
        def forgetting(self: Any, frame: Any) -> None:
            nonlocal last, deaf_until
            now = time.monotonic()
            if now - last > 2:
                deaf_until = now + 0.2
            last = now
            if now >= deaf_until:
                hear(self, frame)

        return forgetting

    wrap(Member, "_hear", wrapped)


@server_fault("a pause empties the rooms", topology="sticky", breaks="STICKY-7", found_by=PAUSED)
def a_pause_empties() -> None:
    """An instance that notices that it stood still closes everybody, after it has thrown away what they said."""
    last = time.monotonic()

    def wrapped(hear: Any) -> Any:
        def closing(self: Any, frame: Any) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last > 2:
                asyncio.get_running_loop().call_soon(self._instance.stop)
            last = now
            hear(self, frame)

        return closing

    wrap(Member, "_hear", wrapped)

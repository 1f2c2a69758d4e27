"""Faults of instances that show only with several of them, or when one is broken."""

import asyncio
import os
import time
from typing import Any

from reference_server.member import Member
from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import wrap
from tests.topologies.fault import server_fault

PAUSED = ("test_faults.py", "-k", "stood_still")

PAUSE_SECONDS = 2.0
"""Seconds without activity after which an instance is said to have stood still."""


@server_fault("a store for each instance", topology="sticky", breaks="STICKY-3", found_by=("test_sticky.py",))
@server_fault("a store for each behind a bus", topology="pubsub", breaks="PUBSUB-2", found_by=("test_sticky.py",))
def separate_stores() -> None:
    """Each instance has a store of its own."""
    wrap(SqliteStore, "open", lambda open_: lambda path: open_(f"{path}.{os.getpid()}"))


def noticing_pauses(hear_after: Any) -> None:
    """Change how an instance hears its members after a pause.

    `hear_after(seconds since the last pause, member, frame, hear)` decides.
    """
    last = time.monotonic()
    paused_at = 0.0
    ticking = False

    def look() -> None:
        nonlocal last, paused_at
        now = time.monotonic()
        if now - last > PAUSE_SECONDS:
            paused_at = now
        last = now

    def tick() -> None:
        look()
        asyncio.get_running_loop().call_later(0.1, tick)

    def wrapped(hear: Any) -> Any:
        def noticing(self: Any, frame: Any) -> None:
            nonlocal ticking, last
            if not ticking:
                ticking, last = True, time.monotonic()
                tick()
            look()
            hear_after(time.monotonic() - paused_at, self, frame, hear)

        return noticing

    wrap(Member, "_handle", wrapped)


@server_fault("a pause forgets", topology="sticky", breaks="STICKY-7", found_by=PAUSED)
@server_fault("a pause forgets behind a bus", topology="pubsub", breaks="PUBSUB-6", found_by=PAUSED)
def a_pause_forgets() -> None:
    """An instance throws away messages that arrived while it stood still."""

    def hear_after(seconds: float, member: Any, frame: Any, hear: Any) -> None:
        if seconds > 0.2:
            hear(member, frame)

    noticing_pauses(hear_after)


@server_fault("a pause repeats", topology="sticky", breaks="STICKY-7", found_by=PAUSED)
def a_pause_repeats() -> None:
    """An instance broadcasts messages twice that arrived while it stood still."""

    def hear_after(seconds: float, member: Any, frame: Any, hear: Any) -> None:
        hear(member, frame)
        if seconds < 0.2:
            hear(member, frame)

    noticing_pauses(hear_after)

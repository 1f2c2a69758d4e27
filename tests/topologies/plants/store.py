"""Faults that show when the store of rooms goes away or comes back."""

import asyncio
from typing import Any

from reference_server.dynamodb_store import DynamodbStore
from reference_server.store import StoreUnavailable
from tests.faults.fault import wrap
from tests.topologies.fault import server_fault

CUT_OFF = ("test_faults.py", "-k", "store_is_away and cut")
STALLS = ("test_faults.py", "-k", "store_is_away and stall")


def when_away(act: Any) -> None:
    """Await `act` each time that the store is found away, before saying so."""

    def wrapped(run: Any) -> Any:
        async def acting(self: Any, work: Any) -> Any:
            try:
                return await run(self, work)
            except StoreUnavailable:
                await act(self)
                raise

        return acting

    wrap(DynamodbStore, "_run", wrapped)


@server_fault("hangs without the store", topology="sticky", breaks="STICKY-9", found_by=CUT_OFF)
@server_fault("hangs without the store behind a bus", topology="pubsub", breaks="PUBSUB-6", found_by=CUT_OFF)
def hangs() -> None:
    """While the store is away, requests that need it wait."""

    async def wait(_store: Any) -> None:
        await asyncio.sleep(60)

    when_away(wait)


@server_fault("breaks without the store", topology="sticky", breaks="STICKY-9", found_by=CUT_OFF)
def breaks() -> None:
    """While the store is away, requests that need it get 500."""

    async def crash(_store: Any) -> None:
        raise RuntimeError("no store")

    when_away(crash)


@server_fault("stands still without the store", topology="sticky", breaks="STICKY-9", found_by=STALLS)
def stands_still() -> None:
    """The store is asked in the event loop, so a silent store stops everything."""

    async def run(_self: Any, work: Any) -> Any:
        return work()

    wrap(DynamodbStore, "_run", lambda _run: run)


@server_fault("the store stays away", topology="sticky", breaks="STICKY-9", found_by=CUT_OFF)
def stays_away() -> None:
    """Once the store was away, it is not asked again."""
    away = False

    async def note(_store: Any) -> None:
        nonlocal away
        away = True

    when_away(note)

    def wrapped(run: Any) -> Any:
        async def refusing(self: Any, work: Any) -> Any:
            if away:
                raise StoreUnavailable("the store was away before")
            return await run(self, work)

        return refusing

    wrap(DynamodbStore, "_run", wrapped)

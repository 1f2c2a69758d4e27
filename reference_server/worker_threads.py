"""Blocking work off the event loop, without a pool whose threads could all get stuck."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class WorkerThreads:
    """A thread for each piece of work, and a bound for how many there are. The threads are daemons: one that is stuck
    does not hold up the end of the process, as those of an executor would."""

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns or raises. Whoever is cancelled waits no longer; the work goes on, and keeps its turn
        until it ends."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        outcome: Future[T] = Future()
        outcome.set_running_or_notify_cancel()

        def thread() -> None:
            try:
                outcome.set_result(work())
            except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
                outcome.set_exception(error)
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(self._free.release)

        threading.Thread(target=thread, daemon=True, name="worker").start()
        return await asyncio.wrap_future(outcome)

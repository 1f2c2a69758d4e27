"""Threads for blocking work, outside of the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class WorkerThreads:
    """A new thread for each piece of work, with a limit on their number.

    The threads are daemons, so one that is stuck does not delay the end of the process. Those of an executor would.
    """

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[], T]) -> T:
        """Run the work in a thread, and return or raise its outcome.

        When the caller is cancelled, the work goes on, and counts towards the limit until it ends.
        """
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        outcome: Future[T] = Future()
        outcome.set_running_or_notify_cancel()

        def thread() -> None:
            try:
                outcome.set_result(work())
            except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
                outcome.set_exception(error)
            with contextlib.suppress(RuntimeError):  # the loop is closed, so nothing waits for a thread any more
                loop.call_soon_threadsafe(self._free.release)

        threading.Thread(target=thread, daemon=True, name="worker").start()
        return await asyncio.wrap_future(outcome)

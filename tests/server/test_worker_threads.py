import subprocess
import sys

from tests.server.process import PATIENCE, ROOT

STUCK = """
import asyncio, threading
from reference_server.worker_threads import WorkerThreads

async def main():
    started = threading.Event()
    def stuck():
        started.set()
        threading.Event().wait()
    task = asyncio.create_task(WorkerThreads(1).run(stuck))
    await asyncio.to_thread(started.wait)
    task.cancel()

asyncio.run(main())
print("ended")
"""


def test_work_that_never_ends_does_not_hold_up_the_process() -> None:
    process = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )

    assert process.stdout == "ended\n"

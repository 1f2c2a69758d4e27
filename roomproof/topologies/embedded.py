"""The reference server as a private process: the default target."""

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from roomproof.client.target import Target, UsageError, parse_capabilities
from roomproof.spec.rules import Capability

CAPABILITIES = ("fetch", "delete", "health", "ping", "heartbeat=3", "total-order")
"""What the reference server declares here. Its heartbeat is short, so that a run need not wait long for it."""


def embedded_capabilities() -> dict[Capability, float | None]:
    """CAPABILITIES, parsed."""
    return parse_capabilities(CAPABILITIES)


START_SECONDS = 30.0
STOP_SECONDS = 10.0

FAR_ZONE = "Asia/Kathmandu"
"""The server's time zone: with it, local time where UTC is due shows as 5:45 hours."""


@contextlib.contextmanager
def reference_server(*, deadline: float) -> Iterator[Target]:
    """A reference server of one's own, on a free port of the loopback address, with its rooms in memory.

    It ends with the context, and, where the system can arrange it, with this process. Raises UsageError if it does not
    start.
    """
    command = [sys.executable, "-m", "reference_server", "--host", "127.0.0.1", "--port", "0"]
    command += ["--database", ":memory:", "--heartbeat", "3"]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "KILL", *command]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TZ": FAR_ZONE},
    )
    try:
        url = _await_url(process)
        target = Target(url, embedded_capabilities(), deadline=deadline)
        yield replace(target, exclusive=True)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _await_url(process: subprocess.Popen[bytes]) -> str:
    """The URL in the server's first line of output."""
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
    line = process.stdout.readline().decode().strip() if ready else ""
    prefix = "listening on "
    if not line.startswith(prefix):
        ended = f"it ended with {process.poll()}" if process.poll() is not None else f"it said {line!r}"
        raise UsageError(f"the embedded reference server did not start within {START_SECONDS:g} s: {ended}")
    return line.removeprefix(prefix)

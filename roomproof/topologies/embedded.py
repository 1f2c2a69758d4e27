"""The reference server in a process of its own: the default target."""

import contextlib
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from roomproof.client.target import Target, parse_capabilities
from roomproof.client.tcp import LocalTroubleError
from roomproof.import_path import child_environment
from roomproof.spec.rules import Capability

CAPABILITIES = ("fetch", "delete", "health", "ping", "heartbeat=3", "total-order")
"""Capabilities of the reference server.

Its heartbeat is short, so that a run need not wait long.
"""


def embedded_capabilities() -> dict[Capability, float | None]:
    """The capabilities of the reference server, parsed."""
    return parse_capabilities(CAPABILITIES)


START_SECONDS = 30.0
"""Maximum time until the server serves, in seconds."""

STOP_SECONDS = 10.0
"""Maximum time until the server has ended, in seconds."""

END_SECONDS = 1.0
"""Maximum time from the end of a server's output to its own end, in seconds."""

LAST_LINES = 5
"""Number of lines shown of what a server said that does not start."""

FAR_ZONE = "Asia/Kathmandu"
"""The server's time zone: local time in place of UTC is 5:45 hours off."""


@contextlib.contextmanager
def reference_server(*, deadline: float) -> Iterator[Target]:
    """Start a reference server on a free port, with its rooms in memory.

    It ends with the context, and with this process, where the system can arrange that. Raises LocalTroubleError, with
    its last words, if it does not start.
    """
    command = [sys.executable, "-P", "-m", "reference_server", "--host", "127.0.0.1", "--port", "0"]
    command += ["--database", ":memory:", "--heartbeat", "3"]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**child_environment(), "TZ": FAR_ZONE},
        )
        try:
            url = _await_url(process, errors)
            target = Target(url, embedded_capabilities(), deadline=deadline)
            yield replace(target, exclusive=True)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _await_url(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    """Wait for the URL in the server's first line of output.

    Raises LocalTroubleError without one.
    """
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
    line = process.stdout.readline().decode().strip() if ready else ""
    prefix = "listening on "
    if not line.startswith(prefix):
        if not line:  # it has closed its output, or says nothing
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
        code = process.poll()
        got = f"its end with code {code}" if code is not None else repr(line)
        errors.seek(0)
        said = " | ".join(errors.read().decode(errors="replace").splitlines()[-LAST_LINES:]) or "nothing"
        raise LocalTroubleError(
            f"expected the embedded reference server to start within {START_SECONDS:g} s, got {got}; it said: {said}"
        )
    return line.removeprefix(prefix)

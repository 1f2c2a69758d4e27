"""Starts servers in processes of their own, for tests from outside."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

PATIENCE = 30.0
"""Maximum seconds that a start or an end can take on a busy machine."""

ROOT = Path(__file__).parents[1]

REFERENCE = (sys.executable, "-m", "reference_server", "--port", "0", "--database", ":memory:")
"""The command line of a server that holds every rule."""


def faulty(name: str) -> tuple[str, ...]:
    """Return the command line of the reference server with this fault or freedom."""
    return (sys.executable, "-m", "tests.faults.server", name, "--port", "0", "--database", ":memory:")


@contextlib.contextmanager
def listening(*command: str, zone: str = "UTC") -> Iterator[str]:
    """Start a server as `served` does, and yield its URL."""
    with served(*command, zone=zone) as (url, _):
        yield url


@contextlib.contextmanager
def served(*command: str, zone: str = "UTC") -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start a server in a time zone, yield its URL and process, and end it.

    The server must print `listening on URL` as its first line.
    """
    environment = {**os.environ, "TZ": zone}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield url_of(process.stdout), process
        finally:
            process.terminate()
            process.send_signal(signal.SIGCONT)  # it may have been stopped
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def in_threads(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve HTTP in threads of this process, and yield `host:port`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def url_of(output: IO[str]) -> str:
    """Return the URL in the first line that a server prints."""
    deadline = time.monotonic() + PATIENCE
    ready, _, _ = select.select([output], [], [], deadline - time.monotonic())
    line = output.readline() if ready else ""
    assert line.startswith("listening on http://"), f"expected 'listening on URL' within {PATIENCE:g} s, got {line!r}"
    return line.split()[-1]

"""Servers in processes of their own, for tests that talk to them from outside."""

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
"""Seconds that a start or an end may take on a machine with other work to do."""

ROOT = Path(__file__).parents[1]

REFERENCE = (sys.executable, "-m", "reference_server", "--port", "0", "--database", ":memory:")
"""The command line of a server that keeps every rule."""


def faulty(name: str) -> tuple[str, ...]:
    """The command line of the reference server with the planted fault, or the freedom, of this name."""
    return (sys.executable, "-m", "tests.faults.server", name, "--port", "0", "--database", ":memory:")


@contextlib.contextmanager
def listening(*command: str, zone: str = "UTC") -> Iterator[str]:
    """Start a server as `served` does; its URL is yielded."""
    with served(*command, zone=zone) as (url, _):
        yield url


@contextlib.contextmanager
def served(*command: str, zone: str = "UTC") -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start a server that says `listening on URL` as its first line, and end it by its id; URL and process are yielded.

    `zone` is its time zone.
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
    """Serve in threads of this process; the address is yielded."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def url_of(output: IO[str]) -> str:
    """The URL in the first line that a server prints."""
    deadline = time.monotonic() + PATIENCE
    ready, _, _ = select.select([output], [], [], deadline - time.monotonic())
    line = output.readline() if ready else ""
    assert line.startswith("listening on http://"), f"expected 'listening on URL' within {PATIENCE:g} s, got {line!r}"
    return line.split()[-1]

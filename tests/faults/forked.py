"""Servers with faults, each forked from a process that has imported everything: the matrix starts over a hundred."""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from tests.faults.server import serve
from tests.listening import PATIENCE, url_of

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.server"])


@contextlib.contextmanager
def serving(name: str, *options: str, zone: str) -> Iterator[str]:
    """Start the server with this fault, in this time zone, and end it by its id; its URL is yielded."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=_serve, args=(theirs, [name, *options], zone))
    process.start()
    theirs.close()
    try:
        with open(ours.fileno(), closefd=False) as output:
            url = url_of(output)
        yield url
    finally:
        process.terminate()
        process.join(PATIENCE)
        process.kill()
        ours.close()


def _serve(output: Connection, arguments: list[str], zone: str) -> None:
    os.environ["TZ"] = zone
    time.tzset()
    sys.argv[1:] = arguments
    with open(output.fileno(), "w", closefd=False) as sys.stdout:
        sys.exit(serve())

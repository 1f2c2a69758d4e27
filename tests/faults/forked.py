"""The server and the run of one entry of the matrix, as forked processes.

The parent has imported everything.
The children behave as when started from the command line. Forking saves half a second for each, and there are hundreds.
"""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from roomproof.cli import command_line
from tests.faults.server import serve
from tests.listening import PATIENCE, url_of
from tests.suite.verify import RUN_SECONDS, Run, clean_environment, read, usual_options

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.server", "roomproof.suite.scenario_run"])


@contextlib.contextmanager
def serving(name: str, *options: str, zone: str) -> Iterator[str]:
    """Start the server with this fault in this time zone, yield its URL, and end it."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=_serve, args=(theirs, [name, *options], zone), daemon=True)
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
        process.join(PATIENCE)
        ours.close()


def _serve(output: Connection, arguments: list[str], zone: str) -> None:
    os.environ["TZ"] = zone
    time.tzset()
    sys.argv[1:] = arguments
    with open(output.fileno(), "w", closefd=False) as sys.stdout:
        sys.exit(serve())


def verify(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Run:
    """Run the suite in `folder` with these arguments, as `roomproof verify` does.

    `variables` are added to its environment.
    """
    output, results = folder / "output.txt", folder / "results.jsonl"
    words = ["verify", *arguments, *usual_options(results)]
    process = _context.Process(target=_verify, args=(folder, output, words, dict(variables or {})), daemon=True)
    process.start()
    process.join(RUN_SECONDS)
    code = process.exitcode
    process.kill()
    process.join(PATIENCE)
    assert code is not None, f"the run hangs: it took longer than {RUN_SECONDS:g} s, and printed:\n{output.read_text()}"
    return Run(code, output.read_text(), read(results))


def _verify(folder: Path, output: Path, arguments: list[str], variables: dict[str, str]) -> None:
    os.chdir(folder)
    for name in os.environ.keys() - clean_environment().keys():
        del os.environ[name]
    os.environ |= variables
    sys.dont_write_bytecode = False  # Python read the environment variable when it started
    with output.open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(command_line.main(arguments))

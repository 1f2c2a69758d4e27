"""Repeats the suite under CPU pressure, each time in another order, and reports flakes: `tox -e steady -- N`."""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.suite.verify import RUN_SECONDS, verify

WORKERS = "4"

BUSY = "import time; end = time.monotonic() + float({seconds})\nwhile time.monotonic() < end: pass"
"""A program that keeps one core busy, and ends by itself."""


@contextlib.contextmanager
def pressure(seconds: float) -> Iterator[None]:
    """Keep every core busy, for so long at the most."""
    program = [sys.executable, "-c", BUSY.format(seconds=seconds)]
    hogs = [subprocess.Popen(program) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def main() -> int:
    """Repeat, report, and return 1 if anything failed: the server is the reference server, so that is a flake."""
    parser = argparse.ArgumentParser(prog="steady", description=__doc__)
    parser.add_argument("repeats", type=int, metavar="N", help="how often")
    repeats = parser.parse_args().repeats
    if repeats < 1:
        parser.error("expected N to be 1 or more")
    flakes: Counter[str] = Counter()
    green = 0
    for number in range(1, repeats + 1):
        with tempfile.TemporaryDirectory() as folder, pressure(RUN_SECONDS):
            run = verify(Path(folder), "-n", WORKERS, f"--randomly-seed={number}", "--tb=short")
        green += run.code == 0
        flakes.update(line["id"] for line in run.scenarios("failed") + run.scenarios("warned"))
        print(f"run {number}: {run.verdict['verdict']}: {run.verdict['reason']}", flush=True)
        if run.code != 0:
            print(run.output, flush=True)
    for scenario, times in flakes.most_common():
        print(f"flaky: {scenario}: {times} of {repeats}")
    print(f"{green} passed, {repeats - green} failed")
    return int(green < repeats)


if __name__ == "__main__":
    sys.exit(main())

"""Runs the suite N times under CPU pressure, in random order.

Reports flaky scenarios. Command: `tox -e steady -- N`."""

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
"""A program that keeps one core busy for some seconds, then ends by itself."""


@contextlib.contextmanager
def pressure(seconds: float) -> Iterator[None]:
    """Keep every core busy until the block ends, for at most this many seconds."""
    program = [sys.executable, "-c", BUSY.format(seconds=seconds)]
    hogs = [subprocess.Popen(program) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def main() -> int:
    """Run the suite repeatedly, and return 1 if any run failed.

    The reference server holds every rule, so every failure is a flake.
    """
    parser = argparse.ArgumentParser(prog="steady", description=__doc__)
    parser.add_argument("repeats", type=int, metavar="N", help="number of runs")
    repeats = parser.parse_args().repeats
    if repeats < 1:
        parser.error(f"expected N to be 1 or more, got {repeats}")
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
        print(f"flaky: {scenario}: failed in {times} of {repeats} runs")
    print(f"{green} passed, {repeats - green} failed")
    return int(green < repeats)


if __name__ == "__main__":
    sys.exit(main())

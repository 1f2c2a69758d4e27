"""Servers that do nothing pass nothing, and the run against one is over soon, with a sentence."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.spec.rules import Level
from roomproof.verdict import EXIT_CODES
from tests.faults.nulls import DEAF, EXPECTED, NULLS, deaf_server, null_server
from tests.suite.verify import Run, verify

RUN_SECONDS = 10.0
"""A run against a null server takes no longer."""

TICK_S = 0.05


class Stopwatch:
    """Seconds that pass in a `with` block, without those in which the machine stood still."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._stood_still = 0.0
        self._is_over = threading.Event()
        self._ticking = threading.Thread(target=self._tick)

    def _tick(self) -> None:
        is_over = False
        while not is_over:
            begun = time.monotonic()
            is_over = self._is_over.wait(TICK_S)
            self._stood_still += max(0.0, time.monotonic() - begun - TICK_S)

    def __enter__(self) -> "Stopwatch":
        self._begun = time.monotonic()
        self._ticking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._ticking.join()
        self.seconds = time.monotonic() - self._begun - self._stood_still


@contextlib.contextmanager
def serving(name: str) -> Iterator[str]:
    with deaf_server() if name == DEAF else null_server(NULLS[name]) as url:
        yield url


@pytest.mark.parametrize("name", list(EXPECTED))
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_null_server_passes_nothing(tmp_path: Path, name: str, workers: tuple[str, ...]) -> None:
    with serving(name) as url, Stopwatch() as stopwatch:
        run = verify(tmp_path, "--target", url, *workers)

    assert (run.code, run.verdict["verdict"]) == (EXIT_CODES[EXPECTED[name]], EXPECTED[name]), run.output
    assert held_musts(run) == set()
    assert url in run.verdict["reason"]
    assert "Traceback" not in run.output
    assert stopwatch.seconds < RUN_SECONDS


def held_musts(run: Run) -> set[str]:
    return {
        rule
        for rule, entry in run.verdict["rules"].items()
        if entry["outcome"] == "held" and entry["level"] == Level.MUST
    }

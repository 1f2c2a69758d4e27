"""Servers that do nothing pass nothing, and the run against one is over soon, with a sentence."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.protocol import Level
from roomproof.verdict import EXIT_CODES
from tests.faults.nulls import DEAF, EXPECTED, NULLS, deaf_server, null_server
from tests.suite.verify import Run, verify

RUN_SECONDS = 10.0
"""A run against a null server takes no longer."""


@contextlib.contextmanager
def serving(name: str) -> Iterator[str]:
    with deaf_server() if name == DEAF else null_server(NULLS[name]) as url:
        yield url


@pytest.mark.parametrize("name", list(EXPECTED))
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_null_server_passes_nothing(tmp_path: Path, name: str, workers: tuple[str, ...]) -> None:
    with serving(name) as url:
        begun = time.monotonic()
        run = verify(tmp_path, "--target", url, *workers)
        took = time.monotonic() - begun

    assert (run.code, run.verdict["verdict"]) == (EXIT_CODES[EXPECTED[name]], EXPECTED[name]), run.output
    assert held_musts(run) == set()
    assert url in run.verdict["reason"]
    assert "Traceback" not in run.output
    assert took < RUN_SECONDS


def held_musts(run: Run) -> set[str]:
    return {
        rule
        for rule, entry in run.verdict["rules"].items()
        if entry["outcome"] == "held" and entry["level"] == Level.MUST
    }

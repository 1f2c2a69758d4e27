"""Servers that do nothing pass nothing, and the run against one ends with the first look, with a sentence."""

import contextlib
from pathlib import Path

import pytest

from roomproof.spec.rules import Level
from roomproof.verdict import EXIT_CODES
from tests.faults.nulls import DEAF, EXPECTED, NULLS, NullServer, deaf_server, null_server
from tests.suite.verify import Run, verify

FIRST_LOOK_CONNECTIONS = 4
"""The most connections of a first look: one each for statistics, a room, a participant and a handshake."""


def serving(name: str) -> contextlib.AbstractContextManager[NullServer]:
    return deaf_server() if name == DEAF else null_server(NULLS[name])


@pytest.mark.parametrize("name", list(EXPECTED))
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_null_server_passes_nothing(tmp_path: Path, name: str, workers: tuple[str, ...]) -> None:
    """However slowly it answers: the run would be killed as hanging if it waited for the end of what never ends."""
    with serving(name) as server:
        run = verify(tmp_path, "--target", server.url, *workers)

    assert (run.code, run.verdict["verdict"]) == (EXIT_CODES[EXPECTED[name]], EXPECTED[name]), run.output
    assert held_musts(run) == set()
    assert server.url in run.verdict["reason"]
    assert "Traceback" not in run.output
    assert [line["kind"] for line in run.results] == ["run", "verdict"], "no scenario is played"
    assert len(server.links) <= FIRST_LOOK_CONNECTIONS


def held_musts(run: Run) -> set[str]:
    return {
        rule
        for rule, entry in run.verdict["rules"].items()
        if entry["outcome"] == "held" and entry["level"] == Level.MUST
    }

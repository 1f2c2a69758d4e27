"""Against a server that does nothing, a run ends at the preflight; no MUST holds."""

import contextlib
from pathlib import Path

import pytest

from roomproof.spec.rules import Level
from roomproof.verdict import EXIT_CODES
from tests.faults.nulls import DEAF, EXPECTED, NULLS, NullServer, deaf_server, null_server
from tests.suite.verify import Run, verify

PREFLIGHT_CONNECTIONS = 4
"""Maximum number of connections of the preflight: statistics, room, participant and handshake take one each."""


def serving(name: str) -> contextlib.AbstractContextManager[NullServer]:
    return deaf_server() if name == DEAF else null_server(NULLS[name])


@pytest.mark.parametrize("name", list(EXPECTED))
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_null_server_holds_no_must(tmp_path: Path, name: str, workers: tuple[str, ...]) -> None:
    """Kill a run that hangs, since some of these servers never finish an answer."""
    with serving(name) as server:
        run = verify(tmp_path, "--target", server.url, *workers)

    assert (run.code, run.verdict["verdict"]) == (EXIT_CODES[EXPECTED[name]], EXPECTED[name]), run.output
    assert held_musts(run) == set()
    assert server.url in run.verdict["reason"]
    assert "Traceback" not in run.output
    assert [line["kind"] for line in run.results] == ["run", "verdict"], "expected no scenario to run"
    assert len(server.links) <= PREFLIGHT_CONNECTIONS


def held_musts(run: Run) -> set[str]:
    return {
        rule
        for rule, entry in run.verdict["rules"].items()
        if entry["outcome"] == "held" and entry["level"] == Level.MUST
    }

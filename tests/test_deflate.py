"""The suite over real compression, with peers that are right and wrong."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listening import REFERENCE, listening
from tests.peers import servers
from tests.suite.verify import verify

SOME = (
    "test_deliver.py",
    "test_deliver_content.py",
    "test_frame.py",
    "test_close.py",
    "test_order.py",
    "test_leave.py",
    "test_refuse.py",
)


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    with servers.fastapi("--deflate") as url:
        yield url


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with servers.node("--deflate") as url:
        yield url


@pytest.mark.parametrize("name", ["peer", "node"])
def test_a_peer_that_compresses_is_valid(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    run = verify(tmp_path, request.getfixturevalue(name), *SOME, "--deflate", "-n", "2")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("warned") == set()
    assert len(run.scenarios("passed")) > 100
    assert re.search(r"; messages were compressed \(permessage-deflate.*\)$", run.verdict["reason"])
    assert run.verdict["reason"] in run.output


def test_a_server_that_declines_is_tested_uncompressed(tmp_path: Path) -> None:
    with listening(*REFERENCE) as url:
        run = verify(tmp_path, url, "test_order.py", "--deflate")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.verdict["reason"].endswith("; the server declined compression, so nothing was compressed")


def test_without_the_option_nothing_is_said_of_compression(tmp_path: Path, peer: str) -> None:
    run = verify(tmp_path, peer, "test_order.py")

    assert run.code == 0, run.output
    assert "compress" not in run.verdict["reason"]


@pytest.mark.parametrize(
    ("fault", "rules", "said"),
    [
        pytest.param("corrupted", {"CLOSE-1", "DELIVER-1", "DELIVER-7"}, "", id="a corrupted frame"),
        pytest.param("context kept", {"CLOSE-1"}, "compressed as agreed", id="a context that was to be dropped"),
        pytest.param("a parameter of its own", {"JOIN-6"}, "as RFC 7692 permits", id="an unknown parameter"),
    ],
)
def test_wrong_compression_is_found(tmp_path: Path, fault: str, rules: set[str], said: str) -> None:
    with listening(sys.executable, "-m", "tests.peers.deflating_server", fault, "--port", "0") as url:
        run = verify(tmp_path, url, "test_order.py", "--deflate", "--deadline", "1")

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert run.rules("broken") & rules, run.output
    assert said in run.output
    assert "declined" not in run.verdict["reason"]


def test_compression_is_offered_to_a_server_of_ones_own_only(tmp_path: Path) -> None:
    run = verify(tmp_path, "--deflate")

    assert run.code == 4
    assert "--deflate describes your own server" in run.output

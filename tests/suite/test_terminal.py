"""On a terminal a run has colours and a live line, elsewhere plain text."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.topologies.embedded import FAR_ZONE
from tests.listening import faulty, listening
from tests.screen import CTRL_C, Screen, screen
from tests.suite.verify import RUN_SECONDS, WITHOUT_UNUSED_PLUGINS, clean_environment

SOME = ("test_create.py", "test_deliver.py", "-k", "room or heard")

LIVE = re.compile(r"[━╸╺]{20} +(\d+)/(\d+) (.*) left$")
"""A live line: what is done, of how many, and what was found."""

WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])


@pytest.fixture(scope="module")
def late() -> Iterator[str]:
    """A server whose timestamps are in another time zone."""
    with listening(*faulty("local time"), zone=FAR_ZONE) as url:
        yield url


def environment(**variables: str) -> dict[str, str]:
    """Return the variables of a person who asked for nothing special."""
    plain = {name: value for name, value in clean_environment().items() if name not in ("CI", "NO_COLOR")}
    return plain | variables


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "roomproof", "verify", *WITHOUT_UNUSED_PLUGINS, *arguments]


def ended(shown: Screen) -> int:
    """Read all that a command shows, and return its exit code."""
    shown.read(RUN_SECONDS)
    return shown.wait(RUN_SECONDS)


@WORKERS
def test_a_live_line_tells_what_is_done_and_broken(tmp_path: Path, late: str, workers: tuple[str, ...]) -> None:
    with screen(command(*SOME, "--target", late, *workers), tmp_path, environment()) as shown:
        code = ended(shown)

    live = [found for frame in shown.frames if (found := LIVE.search(frame))]
    done = [int(found[1]) for found in live]
    assert code == 1
    assert len(set(done)) > 2
    assert done == sorted(done)
    assert re.fullmatch(r"\d rules? broken by \d+ scenarios? [\d:-]+", live[-1][3])


@WORKERS
@pytest.mark.parametrize("verbosity", [(), ("-v",)], ids=["by default", "with -v"])
def test_the_live_line_leaves_nothing_behind(
    tmp_path: Path, late: str, workers: tuple[str, ...], verbosity: tuple[str, ...]
) -> None:
    words = command(*SOME, "--target", late, *workers, *verbosity)
    with screen(words, tmp_path, environment()) as shown:
        ended(shown)

    lines = shown.lines
    assert not [line for line in lines if re.search("[━╸╺]", line)]
    assert [line for line in lines if line][-1].startswith("INVALID: the server breaks ")
    if verbosity:
        assert sum("BROKEN DELIVER-8" in line for line in lines) > 2


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"CI": "true"}], ids=["NO_COLOR", "CI"])
def test_who_wants_plain_text_gets_it(tmp_path: Path, late: str, variables: dict[str, str]) -> None:
    with screen(command(*SOME, "--target", late), tmp_path, environment(**variables)) as shown:
        code = ended(shown)

    assert code == 1
    assert b"\x1b[" not in shown.raw


def test_the_verdict_has_its_colour(tmp_path: Path, late: str) -> None:
    with screen(command(*SOME, "--target", late), tmp_path, environment()) as shown:
        ended(shown)

    assert re.search(rb"\x1b\[31m\x1b\[1mINVALID: ", shown.raw)


@WORKERS
def test_ctrl_c_shows_what_stands_so_far(tmp_path: Path, late: str, workers: tuple[str, ...]) -> None:
    with screen(command("--target", late, *workers), tmp_path, environment()) as shown:
        shown.read(RUN_SECONDS, until="rule broken")
        shown.press(CTRL_C)
        code = ended(shown)

    lines = [line for line in shown.lines if line]
    assert code == 2
    assert any(line.startswith("  DELIVER-8  MUST ") for line in lines)
    assert re.fullmatch(r"INCONCLUSIVE: interrupted after \d+ scenarios?", lines[-1])
    assert not [line for line in lines if "Traceback" in line]

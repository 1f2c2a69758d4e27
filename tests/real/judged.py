"""Judge real servers, and confirm each finding with a client of the server's own.

docs/real-servers.md tells what was found. Run it with `tox -e real`. Nothing is skipped: a missing program fails.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listening import PATIENCE, ROOT
from tests.real import servers
from tests.suite.verify import Run, verify

RUNS = 8
"""Maximum number of runs until a fault that shows at times has to be found."""

LOSS = {"DELIVER-1", "DELIVER-2", "DELIVER-11", "DELIVER-12", "DELIVER-13", "DELIVER-15", "DELIVER-16"}
"""The rules that a lost message can break: which one depends on when it was sent."""


@pytest.fixture
def nchan(tmp_path: Path) -> Iterator[str]:
    with servers.nchan(tmp_path / "server") as url:
        yield url


@pytest.fixture
def socketio(tmp_path: Path) -> Iterator[str]:
    with servers.socketio(tmp_path / "server") as url:
        yield url


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[str]:
    with servers.channels(tmp_path / "server") as url:
        yield url


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with servers.redis(tmp_path / "server") as url:
        yield url


def judged(folder: Path, name: str, url: str, *arguments: str) -> Run:
    """Run the suite with a ready target file against a server."""
    text = (ROOT / "dialects" / f"{name}.toml").read_text(encoding="utf-8")
    file = folder / f"{name}.toml"
    file.write_text(re.sub(r'^url = ".*"$', f'url = "{url}"', text, count=1, flags=re.MULTILINE))
    return verify(folder, "--target", str(file), *arguments)


def printed(*command: str) -> str:
    """Return what a client prints."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nchan_is_valid_but_for_fragments(tmp_path: Path, nchan: str) -> None:
    """A deviation that is over would fail the run, so each scenario named breaks."""
    deviations = servers.HERE / "nchan" / "deviations.toml"

    run = judged(tmp_path, "nchan", nchan, "-n", "2", "--deviations", str(deviations))

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("deviating") == {"CLOSE-1", "DELIVER-5", "DELIVER-13", "DELIVER-14"}, run.output
    assert run.rules("warned") == {"FRAME-9"}, run.output


def test_a_fragment_is_a_message_to_nchan(nchan: str) -> None:
    shown = printed(sys.executable, "-m", "tests.real.nchan.fragments", nchan.replace("http", "ws", 1))

    assert "whole: hello | hello\nin fragments: 'good ' | 'good '\nthe sender is closed:" in shown


def test_socket_io_loses_only_last_words(tmp_path: Path, socketio: str) -> None:
    run = judged(tmp_path, "socketio", socketio, "-n", "2")
    assert run.rules("broken") <= {"DELIVER-11"}, run.output

    more = ("test_deliver_when.py", "test_leave.py")
    runs = (judged(tmp_path, "socketio", socketio, *more) for _ in range(RUNS))
    assert run.rules("broken") or any(one.rules("broken") == {"DELIVER-11"} for one in runs)


def test_clients_of_socket_io_lose_their_last_words(socketio: str) -> None:
    node = servers.installed(servers.HERE / "socketio", "socket.io")

    shown = printed(node, str(servers.HERE / "socketio" / "last_words.mjs"), socketio)

    lost = re.search(r"^40 guests left, and the last words of (\d+) were lost$", shown, flags=re.MULTILINE)
    assert lost, shown
    assert int(lost[1]) > 0, shown


def test_channels_only_loses_messages(tmp_path: Path, channels: str) -> None:
    run = judged(tmp_path, "channels", channels, "-n", "2")
    assert run.rules("broken") <= LOSS, run.output

    more = ("test_strangers.py", "test_races.py")
    runs = (judged(tmp_path, "channels", channels, "-n", "2", *more) for _ in range(RUNS))
    assert run.rules("broken") or any(one.rules("broken") and one.rules("broken") <= LOSS for one in runs)


def test_channels_redis_loses_what_it_pops_while_cancelled(redis: str) -> None:
    shown = printed(sys.executable, str(servers.HERE / "channels" / "lost_message.py"), redis)

    lost = re.search(r"^(\d+) of \d+ messages were lost: .*\nRedis holds nothing", shown, flags=re.MULTILINE)
    assert lost, shown
    assert int(lost[1]) > 0, shown

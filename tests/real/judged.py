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
from tests.load.locust import FinishedLoad, load
from tests.real import servers
from tests.suite.verify import Run, verify

LOSS = {"DELIVER-1", "DELIVER-2", "DELIVER-11", "DELIVER-12", "DELIVER-13", "DELIVER-15", "DELIVER-16"}
"""The rules that a lost message can break: which one depends on when it was sent."""


FRAGMENTS = {"CLOSE-1", "DELIVER-5", "DELIVER-13", "DELIVER-14"}
"""The rules that a server can break that does not put fragments together."""


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


def target_file(folder: Path, name: str, url: str) -> str:
    """Write a ready target file with the address of a server, and return its path."""
    text = (ROOT / "dialects" / f"{name}.toml").read_text(encoding="utf-8")
    file = folder / f"{name}.toml"
    file.write_text(re.sub(r'^url = ".*"$', f'url = "{url}"', text, count=1, flags=re.MULTILINE))
    return str(file)


def judged(folder: Path, name: str, url: str, *arguments: str) -> Run:
    """Run the suite with a ready target file against a server."""
    return verify(folder, "--target", target_file(folder, name, url), *arguments)


def loaded(folder: Path, name: str, url: str, script: str) -> FinishedLoad:
    """Run a load script with a ready target file against a server."""
    return load(folder, script, target_file(folder, name, url), "-u", "20", "-t", "15")


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
    assert {"DELIVER-13"} <= run.rules("deviating") <= FRAGMENTS, run.output
    assert run.rules("warned") == {"FRAME-9"}, run.output


def test_a_fragment_is_a_message_to_nchan(nchan: str) -> None:
    shown = printed(sys.executable, "-m", "tests.real.nchan.fragments", nchan.replace("http", "ws", 1))

    assert "whole: hello | hello\nin fragments: 'good ' | 'good '\nthe sender is closed:" in shown


def test_the_suite_accuses_socket_io_of_lost_words_alone(tmp_path: Path, socketio: str) -> None:
    run = judged(tmp_path, "socketio", socketio, "-n", "2")

    assert run.rules("broken") <= {"DELIVER-11"}, run.output


def test_socket_io_loses_last_words_under_load(tmp_path: Path, socketio: str) -> None:
    run = loaded(tmp_path, "socketio", socketio, "churn")

    assert (run.code, run.rules("broken")) == (1, {"DELIVER-11"}), run.output


def test_clients_of_socket_io_lose_their_last_words(socketio: str) -> None:
    node = servers.installed(servers.HERE / "socketio", "socket.io")

    shown = printed(node, str(servers.HERE / "socketio" / "last_words.mjs"), socketio)

    lost = re.search(r"^40 guests left, and the last words of (\d+) were lost$", shown, flags=re.MULTILINE)
    assert lost, shown
    assert int(lost[1]) > 0, shown


def test_the_suite_accuses_channels_of_lost_messages_alone(tmp_path: Path, channels: str) -> None:
    run = judged(tmp_path, "channels", channels, "-n", "2")

    assert run.rules("broken") <= LOSS, run.output


def test_channels_loses_messages_while_strangers_leave(tmp_path: Path, channels: str) -> None:
    run = loaded(tmp_path, "channels", channels, "strangers")

    assert run.code == 1, run.output
    assert run.rules("broken") <= LOSS, run.output


def test_channels_redis_loses_what_it_pops_while_cancelled(redis: str) -> None:
    shown = printed(sys.executable, str(servers.HERE / "channels" / "lost_message.py"), redis)

    lost = re.search(r"^(\d+) of \d+ messages were lost: .*\nRedis holds nothing", shown, flags=re.MULTILINE)
    assert lost, shown
    assert int(lost[1]) > 0, shown

"""The front in a container follows the instances that start and end.

Its script is tested in every shell that the base image can have.
"""

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.conftest import require
from tests.listening import PATIENCE, ROOT
from tests.topologies.leftovers import eventually

SHELLS = ("dash", "busybox")

Starts = Callable[..., AbstractContextManager["Front"]]

NGINX = """#!/bin/sh
trap 'echo reloaded >> "$FOLDER/signals"' HUP
echo started > "$FOLDER/signals"
while :; do sleep 0.05; done
"""

GETENT = """#!/bin/sh
for address in $(cat "$FOLDER/found"); do echo "$address STREAM chat-service"; echo "$address DGRAM"; done
"""

NSLOOKUP = """#!/bin/sh
printf 'Server:\\t\\t127.0.0.11\\nAddress:\\t127.0.0.11:53\\n\\n'
for address in $(cat "$FOLDER/found"); do printf 'Name:\\tchat-service\\nAddress: %s\\n' "$address"; done
"""


def put(path: Path, text: str) -> None:
    """Write an executable script."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class Front:
    """The script of the front, with stand-ins for nginx and for the name service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def finds(self, *addresses: str) -> None:
        """Let the name service give these addresses from now on."""
        (self._folder / "found.new").write_text(" ".join(addresses))
        (self._folder / "found.new").rename(self._folder / "found")

    def serves_by(self) -> list[str]:
        """The lines of upstreams.conf, without the options that all lines have."""
        list_ = self._folder / "upstreams.conf"
        lines = list_.read_text().splitlines() if list_.exists() else []
        return [line.replace("server ", "").replace(" max_fails=3 fail_timeout=5s;", "") for line in lines]

    def comes_to_serve_by(self, *lines: str) -> bool:
        """Whether the front comes to have these lines."""
        return eventually(lambda: self.serves_by() == list(lines))

    def reloads(self) -> int:
        """The number of reloads of nginx so far."""
        return (self._folder / "signals").read_text().count("reloaded")


@contextmanager
def running(folder: Path, shell: str, lookup: str, *addresses: str) -> Iterator[Front]:
    """Run the script of the front as in the container."""
    programs = folder / "programs"
    programs.mkdir()
    path = require(shell, f"apt-get install {shell}")
    words = [path]
    if shell == "busybox":
        subprocess.run([path, "--install", "-s", str(programs)], check=True)
        words.append("sh")
    else:
        for name in ("awk", "cat", "cmp", "cp", "grep", "mkdir", "mv", "sh", "sleep", "sort", "tr"):
            (programs / name).symlink_to(str(shutil.which(name)))
    for name in ("getent", "nslookup", "nginx"):
        (programs / name).unlink(missing_ok=True)
    put(programs / "nginx", NGINX)
    put(programs / lookup, {"getent": GETENT, "nslookup": NSLOOKUP}[lookup])
    front = Front(folder)
    front.finds(*addresses)
    environment = {"PATH": str(programs), "FOLDER": str(folder), "POLL_SECONDS": "0.05"}
    with subprocess.Popen([*words, str(ROOT / "nginx" / "front")], env=environment, start_new_session=True) as process:
        try:
            assert eventually((folder / "signals").exists)
            yield front
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


@pytest.fixture(params=SHELLS)
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Starts:
    """A function that starts the script in this shell."""
    return lambda *addresses: running(tmp_path, request.param, "getent", *addresses)


@pytest.mark.parametrize("lookup", ["getent", "nslookup"])
def test_it_serves_by_all_instances_that_are_found(tmp_path: Path, lookup: str) -> None:
    with running(tmp_path, "busybox", lookup, "172.18.0.4", "172.18.0.3") as front:
        assert front.serves_by() == ["172.18.0.3:8000", "172.18.0.4:8000"]


def test_a_gone_instance_keeps_its_line_for_the_next_one(start: Starts) -> None:
    with start("172.18.0.3", "172.18.0.4") as front:
        front.finds("172.18.0.4")
        assert front.comes_to_serve_by("172.18.0.3:8000 down;", "172.18.0.4:8000")
        front.finds("172.18.0.4", "172.18.0.9")
        assert front.comes_to_serve_by("172.18.0.9:8000", "172.18.0.4:8000")
        assert eventually(lambda: front.reloads() == 2)


def test_instances_that_are_added_come_last(start: Starts) -> None:
    with start("172.18.0.7") as front:
        front.finds("172.18.0.3", "172.18.0.7")
        assert front.comes_to_serve_by("172.18.0.7:8000", "172.18.0.3:8000")


def test_it_starts_without_any_instance(start: Starts) -> None:
    with start() as front:
        assert front.serves_by() == ["127.0.0.1:8000 down;"]
        front.finds("172.18.0.3")
        assert front.comes_to_serve_by("172.18.0.3:8000")


def test_it_changes_nothing_while_nobody_is_found(start: Starts) -> None:
    with start("172.18.0.3") as front:
        front.finds()
        front.finds("172.18.0.3")
        front.finds("172.18.0.3", "172.18.0.4")
        assert front.comes_to_serve_by("172.18.0.3:8000", "172.18.0.4:8000")
        assert eventually(lambda: front.reloads() == 1)

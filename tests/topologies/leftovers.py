"""Traces of a topology on this machine: processes, ports and files."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.listening import PATIENCE


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes to hold before the patience of the tests ends."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that name a folder."""
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # the process has just ended
            if str(folder) in line:
                lines.append(line)
    return lines


def front_port(folder: Path) -> int:
    """The port of the nginx whose topology has this folder."""
    return int((folder / "nginx" / "listen.conf").read_text().rpartition(":")[2].rstrip(";\n"))


def listens(port: int) -> bool:
    """Whether a server listens on this port of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

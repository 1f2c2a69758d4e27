"""A terminal that runs one command."""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping

from tests.listening import PATIENCE


class Terminal:
    """A running command. `start` begins to read its output, line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Begin to read the output of the command."""
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def shows(self) -> dict[str, str]:
        """Wait for the next line, and return it as JSON."""
        frame: dict[str, str] = json.loads(self._lines.get(timeout=PATIENCE))
        return frame

    def shows_message(self) -> dict[str, str]:
        """Wait for the next frame that is a message, and return it."""
        while (frame := self.shows())["type"] != "message":
            pass
        return frame

    def presses_ctrl_d(self) -> None:
        """Press Ctrl-D, and wait until the command ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)

    def close(self) -> None:
        """End the command, and wait until its output is read to the end."""
        self._process.kill()
        self._reader.join(PATIENCE)


@contextlib.contextmanager
def terminal(command: str, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a command of bash in a terminal, until the context ends."""
    with (
        subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        contextlib.closing(Terminal(process)) as opened,
    ):
        opened.start()
        yield opened

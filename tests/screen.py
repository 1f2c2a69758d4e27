"""A real terminal that runs one command: a pty, and the screen that it shows."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte

COLUMNS, LINES = 120, 40

CTRL_C = b"\x03"


class Screen:
    """A running command, and everything that its terminal has shown.

    `frames` are the different lines that stood at the foot of the screen, one after the other.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self._process = process
        self._descriptor = descriptor
        self._screen = pyte.HistoryScreen(COLUMNS, LINES, history=100_000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.frames: list[str] = []

    def read(self, seconds: float, until: str | None = None) -> None:
        """Read until the command ends, or until this text stands on the screen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._descriptor], [], [], 0.2)
            if not ready:
                continue
            try:
                data = os.read(self._descriptor, 65_536)
            except OSError:  # the command has ended
                data = b""
            if not data:
                return
            self._feed(data)
            if until is not None and until in "\n".join(self._screen.display):
                return
        raise AssertionError(f"expected {until or 'the end'} within {seconds:g} s, got:\n" + "\n".join(self.lines))

    def _feed(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)
        foot = next((line.rstrip() for line in reversed(self._screen.display) if line.strip()), "")
        if self.frames[-1:] != [foot]:
            self.frames.append(foot)

    def press(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._descriptor, keys)

    @property
    def lines(self) -> list[str]:
        """All lines that were shown, also those that have scrolled away."""
        above = ["".join(row[column].data for column in range(COLUMNS)) for row in self._screen.history.top]
        return [line.rstrip() for line in (*above, *self._screen.display)]

    def wait(self, seconds: float) -> int:
        """Wait for the end of the command, and return its exit code."""
        return self._process.wait(seconds)


@contextlib.contextmanager
def screen(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Screen]:
    """Run a command in a terminal of its own, until the context ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        words,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,  # so that Ctrl-C reaches the command
    )
    os.close(theirs)
    try:
        yield Screen(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)

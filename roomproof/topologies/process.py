"""A program that runs in a process of its own."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from roomproof.import_path import child_environment
from roomproof.topologies.topology import TopologyError

START_SECONDS = 30.0
"""Maximum time until a program serves, in seconds."""

STOP_SECONDS = 10.0
"""Maximum time until a program has ended, in seconds."""

POLL_SECONDS = 0.02
"""Seconds between two looks at a program."""


def find(program: str, package: str) -> str:
    """The path of a program. Raises TopologyError, with a command that installs it."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise TopologyError(f"this topology needs {program}, which is not installed: apt-get install {package}")
    return path


class Process:
    """A program with a log, which can be started, broken and started again.

    It ends with this process, however this process ends, where the system can arrange that. Keys pressed here do not
    reach it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        ends_by: signal.Signals = signal.SIGKILL,
    ) -> None:
        """`ends_by` is its signal when this process ends; SIGTERM if it has children."""
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment or {}
        self._ends_by = ends_by
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, is_up: Callable[[], bool]) -> None:
        """Start the program, and wait until `is_up` says that it serves.

        Raises TopologyError if it does not, and if it has ended: then another program serves there.
        """
        command = [*self._command]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", self._ends_by.name.removeprefix("SIG"), *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**child_environment(), **self._environment},
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            serves, code = is_up(), self._process.poll()
            if serves and code is None:
                return
            if code is not None or time.monotonic() > deadline:
                self.kill()
                ended = f"ended with {code}" if code is not None else f"does not serve after {START_SECONDS:g} s"
                raise TopologyError(f"{self.name} {ended}; its log says: {' | '.join(self.last_lines())}")
            time.sleep(POLL_SECONDS)

    def last_lines(self) -> list[str]:
        """The last lines of the log of the program."""
        return self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []

    def send(self, number: signal.Signals) -> None:
        """Send the program a signal, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the program, as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the program to end, and kill it if it does not end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self.send(number)
        if number is signal.SIGTERM:
            self.send(signal.SIGCONT)  # a stopped process gets no other signal
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Stop the process, so that it neither answers nor ends."""
        self.send(signal.SIGSTOP)
        self._await_state(stopped=True)

    def resume(self) -> None:
        """Continue the process."""
        self.send(signal.SIGCONT)
        self._await_state(stopped=False)

    def _await_state(self, *, stopped: bool) -> None:
        """Wait until the signal that was sent has taken effect."""
        if self._process is None:
            return
        state = Path(f"/proc/{self._process.pid}/stat")
        deadline = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(OSError):  # the process has ended, or the system has no /proc
            while (state.read_text().rpartition(")")[2].split()[0] == "T") != stopped and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)

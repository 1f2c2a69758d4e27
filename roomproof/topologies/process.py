"""A program in a process of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from roomproof.topologies.topology import TopologyError

START_SECONDS = 30.0
"""A program that does not serve after so long has failed."""

STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


def find(program: str, package: str) -> str:
    """The path of a program. Raises TopologyError, with the line that installs it, where it is missing."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise TopologyError(f"this topology needs {program}, which is not installed: apt-get install {package}")
    return path


class Process:
    """A program that is started, broken and started again, and that writes to a log. It ends with this process, however
    that ends, where the system can arrange it, and hears nothing of the keys that are pressed here."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        ends_by: signal.Signals = signal.SIGKILL,
    ) -> None:
        """`ends_by` is the signal that it gets when this process has ended: one with children needs to end them."""
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment or {}
        self._ends_by = ends_by
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, is_up: Callable[[], bool]) -> None:
        """Start it, and wait until `is_up` says that it serves. Raises TopologyError if it does not, and if it ended:
        whoever serves there then is another."""
        command = [*self._command]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", self._ends_by.name.removeprefix("SIG"), *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
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
        """The end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and make it if it does not."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self.send(number)
        if number is signal.SIGTERM:
            self.send(signal.SIGCONT)  # one that stands still hears nothing
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Make it stand still."""
        self.send(signal.SIGSTOP)
        self._await_state(stopped=True)

    def resume(self) -> None:
        """Let it go on."""
        self.send(signal.SIGCONT)
        self._await_state(stopped=False)

    def _await_state(self, *, stopped: bool) -> None:
        """A signal takes effect a little after it was sent."""
        if self._process is None:
            return
        state = Path(f"/proc/{self._process.pid}/stat")
        deadline = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(OSError):  # it ended, or the system has no /proc
            while (state.read_text().rpartition(")")[2].split()[0] == "T") != stopped and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)

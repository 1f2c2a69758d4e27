"""Runs load in processes of its own, as users start it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomproof.topologies.ports import reserved_port
from tests.listening import ROOT

PATIENCE = 90.0
"""Seconds that a run may take on a machine with other work to do, beyond its own time."""


@dataclass
class FinishedLoad:
    """A run that has ended: its exit code, its output and its result file."""

    code: int
    output: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def verdict(self) -> dict[str, Any]:
        """The last line of the result file."""
        assert self.lines, self.output
        assert self.lines[-1]["kind"] == "verdict", self.output
        return self.lines[-1]

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the verdict line."""
        counts: dict[str, int] = self.verdict["counts"]
        return counts

    def rules(self, outcome: str) -> set[str]:
        """Return the rules with an outcome."""
        return {rule for rule, standing in self.verdict["rules"].items() if standing["outcome"] == outcome}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the lines of a kind."""
        return [line for line in self.lines if line["kind"] == kind]


def run_script(script: Path, url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a script of the user's own without the web UI, until it ends."""
    words = [str(Path(sys.executable).with_name("locust")), "-f", str(script), "--host", url]
    words += ["--headless", "--only-summary", *options]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)


def command(script: str, url: str, *options: str, headless: bool = True) -> list[str]:
    """Return the command line of a run."""
    head = [
        str(Path(sys.executable).with_name("locust")),
        "-f",
        str(ROOT / "locustfiles" / f"{script}.py"),
        "--host",
        url,
    ]
    return [*head, *(["--headless", "--only-summary"] if headless else []), *options]


@contextlib.contextmanager
def master_port(options: Sequence[str]) -> Iterator[list[str]]:
    """Yield more options for a run: the port at which its workers find the master."""
    if "--processes" not in options:
        yield []
        return
    with reserved_port() as port:
        yield ["--master-bind-port", str(port), "--master-port", str(port)]


def load(
    folder: Path,
    script: str,
    url: str,
    *options: str,
    meanwhile: Callable[["subprocess.Popen[str]"], None] | None = None,
) -> FinishedLoad:
    """Run a script against a server to its end; call `meanwhile` during the run."""
    results = folder / "results.jsonl"
    results.unlink(missing_ok=True)
    with (
        master_port(options) as port,
        subprocess.Popen(
            [*command(script, url, *port, *options), "--results", str(results)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            if meanwhile is not None:
                meanwhile(process)
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            end_group(process)
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return FinishedLoad(process.returncode, output, lines)


def when_talking(
    folder: Path, act: Callable[["subprocess.Popen[str]"], None]
) -> Callable[["subprocess.Popen[str]"], None]:
    """Return a `meanwhile` that acts once messages were delivered in three seconds."""

    def wait(process: "subprocess.Popen[str]") -> None:
        if wait_until(folder, process, lambda seconds: sum(second["delivered"] > 0 for second in seconds) >= 3):
            act(process)

    return wait


def wait_until(folder: Path, process: "subprocess.Popen[str]", holds: Callable[[list[dict[str, Any]]], bool]) -> bool:
    """Wait until the intervals in the result file meet a condition.

    Returns False if the run ends before.
    """
    results = folder / "results.jsonl"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        lines = results.read_text().splitlines() if results.exists() else []
        if holds([json.loads(line) for line in lines if '"interval"' in line]):
            return True
        time.sleep(0.1)
    return False


def wait_a_second(folder: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until the result file has another interval, or the run has ended."""
    known: list[int] = []

    def is_another(seconds: list[dict[str, Any]]) -> bool:
        known.append(len(seconds))
        return known[-1] > known[0]

    wait_until(folder, process, is_another)


def end_group(process: "subprocess.Popen[str]") -> None:
    """Kill a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended, and so have its workers


def children(process: "subprocess.Popen[str]") -> list[int]:
    """Return the ids of the processes that a process started."""
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in text.split()]

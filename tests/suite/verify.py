"""Runs `roomproof verify` as a user does."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN_SECONDS = 240.0
"""A run that takes longer hangs."""

STRANGERS = ("hypothesispytest", "anyio", "platformdirs", "unraisableexception")
"""Plugins that scenarios do not need, and that take their time, most to start, the last to collect garbage."""

NO_STRANGERS = tuple(word for name in STRANGERS for word in ("-p", f"no:{name}"))


@dataclass(frozen=True)
class Run:
    """A run that is over: its exit code, what it printed, and the lines of its result file."""

    code: int
    output: str
    results: list[dict[str, Any]]

    @property
    def verdict(self) -> dict[str, Any]:
        """The last line of the result file."""
        assert self.results, f"there is no result file; the run printed:\n{self.output}"
        assert self.results[-1]["kind"] == "verdict", f"the run was aborted; it printed:\n{self.output}"
        return self.results[-1]

    def rules(self, standing: str) -> set[str]:
        """The ids of the rules with this standing."""
        return {rule for rule, entry in self.verdict["rules"].items() if entry["outcome"] == standing}

    def scenarios(self, outcome: str) -> list[dict[str, Any]]:
        """The lines of the scenarios with this outcome."""
        return [line for line in self.results if line["kind"] == "scenario" and line["outcome"] == outcome]


def usual_options(results: Path) -> tuple[str, ...]:
    """What every run here is given: no plugin of others, a result file, plain text."""
    return *NO_STRANGERS, "--results", str(results), "--color=no"


def verify(
    folder: Path,
    *arguments: str,
    module: tuple[str, ...] = ("-m", "roomproof", "verify"),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run the suite with these arguments from a folder of its own; `environment` is added to what there is."""
    results = folder / "results.jsonl"
    words = [sys.executable, *module, *arguments, *usual_options(results)]
    variables = clean_environment() | dict(environment or {})
    done = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr, read(results))


def interrupt(folder: Path, *arguments: str, when: str) -> Run:
    """Run the suite, and press Ctrl-C once the result file holds this text."""
    results = folder / "results.jsonl"
    words = [sys.executable, "-m", "roomproof", "verify", *arguments, "--results", str(results)]
    with subprocess.Popen(
        words,
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        output = ""
        while process.poll() is None and not (results.exists() and when in results.read_text()):
            output += process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        output += process.communicate(timeout=RUN_SECONDS)[0]
    return Run(process.returncode, output, read(results))


def clean_environment() -> dict[str, str]:
    """The environment without what an outer pytest leaves in it, and with byte code kept from run to run."""
    return {
        name: value for name, value in os.environ.items() if not re.match(r"PYTEST_|TOX_|PYTHONDONTWRITEBYTECODE", name)
    }


def read(results: Path) -> list[dict[str, Any]]:
    """The lines of a result file; none, if there is none."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []

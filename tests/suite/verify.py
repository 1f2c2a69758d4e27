"""Runs `roomproof verify` as a user does."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN_SECONDS = 240.0
"""Maximum duration of a run. A longer one hangs."""

PRESS_SECONDS = 0.1
"""Time between two presses of Ctrl-C by an impatient user."""

UNUSED_PLUGINS = ("hypothesispytest", "anyio", "platformdirs", "unraisableexception")
"""Plugins that scenarios do not need, and that cost time: most to start, the last one to collect garbage."""

WITHOUT_UNUSED_PLUGINS = tuple(word for name in UNUSED_PLUGINS for word in ("-p", f"no:{name}"))


@dataclass(frozen=True)
class Run:
    """A finished run: its exit code, its output, and the lines of its result file."""

    code: int
    output: str
    results: list[dict[str, Any]]
    stdout: str = ""

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
    """Return the options of all runs: no unused plugins, a result file, no colours."""
    return *WITHOUT_UNUSED_PLUGINS, "--results", str(results), "--color=no"


def verify(
    folder: Path,
    *arguments: str,
    module: tuple[str, ...] = ("-m", "roomproof", "verify"),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run the suite with these arguments in a folder.

    `environment` is added to the variables of this process.
    """
    results = folder / "results.jsonl"
    words = [sys.executable, *module, *arguments, *usual_options(results)]
    variables = clean_environment() | dict(environment or {})
    done = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr, read(results), done.stdout)


def interrupt(folder: Path, *arguments: str, when: str, presses: int = 1) -> Run:
    """Run the suite, and press Ctrl-C once the result file holds this text.

    `presses` is the number of times, in a row.
    """
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
        for _ in range(presses):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(PRESS_SECONDS)
        output += process.communicate(timeout=RUN_SECONDS)[0]
    return Run(process.returncode, output, read(results), output)


def clean_environment() -> dict[str, str]:
    """Return the environment without the variables of an outer pytest.

    Byte code is kept from run to run.
    """
    return {
        name: value for name, value in os.environ.items() if not re.match(r"PYTEST_|TOX_|PYTHONDONTWRITEBYTECODE", name)
    }


def read(results: Path) -> list[dict[str, Any]]:
    """Return the lines of a result file, or no lines if the file is missing."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []

"""The composite action, whose scripts run here as a runner of jobs would run them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.listening import REFERENCE, ROOT, faulty, listening
from tests.suite.verify import RUN_SECONDS, clean_environment

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
DEFAULTS = {name.upper(): one.get("default", "") for name, one in ACTION["inputs"].items()}


def run(folder: Path, **inputs: str) -> tuple[int, str, str]:
    """Run the step that verifies.

    Returns its exit code, the outputs of the job, and the summary of the job.
    """
    program = folder / "roomproof" / "bin" / "roomproof"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m roomproof "$@"\n')
    program.chmod(0o755)
    outputs, summary = folder / "outputs", folder / "summary"
    variables = {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    script = next(step["run"] for step in ACTION["runs"]["steps"] if step.get("id") == "verify")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=clean_environment() | variables | DEFAULTS | inputs,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    wrote, summed_up = (file.read_text() if file.exists() else done.stdout + done.stderr for file in (outputs, summary))
    return done.returncode, wrote, summed_up


@pytest.mark.parametrize(
    ("server", "code", "verdict"),
    [(REFERENCE, 0, "valid"), (faulty("some doubled"), 1, "invalid")],
    ids=["good", "faulty"],
)
def test_a_job_has_the_verdict_and_a_summary(tmp_path: Path, server: tuple[str, ...], code: int, verdict: str) -> None:
    with listening(*server) as url:
        got, outputs, summary = run(tmp_path, TARGET=url, ARGUMENTS="test_deliver.py\n-q")

    assert (got, outputs) == (code, f"verdict={verdict}\n")
    assert verdict.upper() in summary
    assert (tmp_path / "roomproof-report.html").is_file()


def test_inputs_are_never_run_by_the_shell(tmp_path: Path) -> None:
    evil = f"$(touch {tmp_path}/owned); `touch {tmp_path}/owned`"

    code, _, _ = run(tmp_path, TARGET=f"http://127.0.0.1:1/{evil}", ARGUMENTS=evil, WAIT="0")

    assert code == 4
    assert not (tmp_path / "owned").exists()


def test_every_input_arrives_as_a_variable() -> None:
    assert [step["name"] for step in ACTION["runs"]["steps"] if "${{" in step["run"]] == []

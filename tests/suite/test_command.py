"""`python -m roomproof` is the command `roomproof`."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = str(Path(sys.executable).parent / "roomproof")


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--version"], 0, id="the version"),
        pytest.param(["--help"], 0, id="the help"),
        pytest.param(["dance"], 4, id="an unknown command"),
        pytest.param(["load", "stedy"], 4, id="an unknown load script"),
        pytest.param([], 4, id="no command"),
    ],
)
def test_the_module_is_the_command(arguments: list[str], code: int) -> None:
    as_module = run(sys.executable, "-m", "roomproof", *arguments)
    as_script = run(SCRIPT, *arguments)

    assert as_module.returncode == code
    assert (as_module.returncode, as_module.stdout, as_module.stderr) == (
        as_script.returncode,
        as_script.stdout,
        as_script.stderr,
    )

"""Help, completion and exit codes of the command line agree with each other."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roomproof.cli.exit_codes import MEANINGS
from roomproof.spec.rules import read_protocol
from roomproof.suite.options import OPTIONS
from tests.listening import PATIENCE, REFERENCE, faulty, listening
from tests.suite.verify import clean_environment, interrupt, verify

ROOT = Path(__file__).parents[2]


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "roomproof", *words],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("words", [("--help",), ("http://localhost:1", "-h")], ids=["alone", "behind a target"])
def test_the_help_of_verify_shows_our_options_first(words: tuple[str, ...]) -> None:
    shown = run("verify", *words)

    ours = [match.start() for name in OPTIONS if (match := re.search(rf"^  --{name}\b(?!-)", shown, re.MULTILINE))]
    assert shown.startswith("usage: roomproof verify ")
    assert len(ours) == len(OPTIONS)
    assert ours == sorted(ours)
    assert ours[-1] < shown.index("  -k EXPRESSION")
    assert "--durations" not in shown


def test_all_options_of_pytest_can_be_shown() -> None:
    shown = run("verify", "--pytest-help")

    assert "--durations" in shown
    assert "--capability" in shown


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("ver", ["verify"], id="a command"),
        pytest.param("explain ORDER-", ["ORDER-1", "ORDER-2"], id="a rule"),
        pytest.param("verify --rule ORDER-", ["ORDER-1", "ORDER-2"], id="the value of an option"),
        pytest.param("verify --hist", ["--histories"], id="an option"),
        pytest.param("load stea", ["steady"], id="a load script"),
    ],
)
def test_bash_completes_commands(tmp_path: Path, words: str, offered: list[str]) -> None:
    (tmp_path / "completion").write_text(run("--print-completion", "bash"))
    typed = ["roomproof", *words.split()]
    command = (
        f"source completion; COMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1}; "
        'set +u; _shtab_roomproof; echo "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout.split() == offered, done.stderr


def test_zsh_has_a_completion(tmp_path: Path) -> None:
    completion = run("--print-completion", "zsh")

    assert completion.startswith("#compdef roomproof\n")
    assert all(rule in completion for rule in read_protocol().rules)
    if shutil.which("zsh"):
        (tmp_path / "_roomproof").write_text(completion)
        subprocess.run(["zsh", "-n", "_roomproof"], cwd=tmp_path, timeout=30, check=True)


def test_all_tables_of_exit_codes_agree() -> None:
    manual = (ROOT / "docs" / "cli.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]

    table = {
        int(code): meaning for code, meaning in re.findall(r"^\| (\d) \| ([a-z]+(?: error)?)", manual, re.MULTILINE)
    }
    assert table == MEANINGS
    for words in (("--help",), ("verify", "--help")):
        line = next(line for line in run(*words).splitlines() if line.startswith("exit codes: "))
        assert dict(re.findall(r"(\d) ([a-z ]+)", line)) == {str(code): meaning for code, meaning in MEANINGS.items()}


def test_each_exit_code_is_that_of_its_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "interrupted"
    folder.mkdir()
    with listening(*REFERENCE) as sound, listening(*faulty("names trimmed")) as broken:
        runs = [
            verify(tmp_path, "test_create.py", "-k", "any_name", "--target", sound),
            verify(tmp_path, "test_create.py", "-k", "any_name", "--target", broken),
            interrupt(folder, "--target", sound, when='"kind":"scenario"'),
            verify(tmp_path, "--target", "http://127.0.0.1:1"),
            verify(tmp_path, "--no-such-option"),
        ]

    assert [run.code for run in runs] == sorted(MEANINGS)
    words = [run.stdout.splitlines()[-1].partition(":")[0] for run in runs[:-1]]
    assert words == ["VALID", "INVALID", "INCONCLUSIVE", "INCONCLUSIVE"]


def test_ctrl_c_ends_other_commands_with_the_same_code(tmp_path: Path) -> None:
    """The history is a pipe into which nothing is written, so the command waits."""
    pipe = tmp_path / "h.jsonl"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "roomproof", "judge", str(pipe)]
    with subprocess.Popen(words, env=clean_environment(), stderr=subprocess.PIPE, text=True) as process:
        writing = opened(pipe)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
        os.close(writing)

    assert (process.returncode, errors) == (2, "roomproof: interrupted\n")


def opened(pipe: Path) -> int:
    """Return the end of a pipe for writing, once somebody reads the other end."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    raise AssertionError(f"expected a reader of {pipe}, got none")

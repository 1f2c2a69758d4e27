"""`roomproof report` makes pages of result files."""

import subprocess
import sys
from pathlib import Path

import pytest

from roomproof.history import Started, dump
from roomproof.report.result_file import FORMAT
from tests.listening import faulty, listening
from tests.suite.verify import verify
from tests.unit.report.saved import FAILED, INVALID, RUN, VALID, doubled_history, lines


def report(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "roomproof", "report", *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with results of a broken server, and with their histories."""
    (tmp_path / "r.jsonl").write_bytes(b"".join(lines(RUN, FAILED, INVALID)))
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "test_deliver.py_test_b[two_words].jsonl").write_bytes(dump(doubled_history()))
    return tmp_path


def test_a_run_with_a_fault_becomes_a_page(tmp_path: Path) -> None:
    with listening(*faulty("some doubled")) as url:
        run = verify(tmp_path, "test_deliver.py", "--target", url, "--histories", "h")

    done = report(tmp_path, "results.jsonl", "--histories", "h")

    assert (run.code, done.returncode, done.stderr) == (1, 0, "wrote roomproof-report.html\n")
    assert run.results[0]["format"] == FORMAT
    page = (tmp_path / "roomproof-report.html").read_text()
    assert '<h3 id="failures-1-1">DELIVER-3: ' in page
    assert "The smallest part of the history that shows it:" in page
    assert 'aria-label="Sequence chart with ' in page


def test_histories_are_found_by_the_name_of_the_scenario(folder: Path) -> None:
    assert report(folder, "r.jsonl", "--histories", "h", "--html", "page.html").returncode == 0

    assert "duplicated, at bob: message 1 of &#39;alice&#39; arrived again" in (folder / "page.html").read_text()


def test_a_killed_run_is_shown_as_incomplete(folder: Path) -> None:
    (folder / "cut.jsonl").write_bytes((folder / "r.jsonl").read_bytes()[:-30])

    done = report(folder, "cut.jsonl")

    assert done.returncode == 0
    assert "INCOMPLETE" in (folder / "roomproof-report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory", id="no file"),
        pytest.param(["h"], "cannot read h: Is a directory", id="a folder"),
        pytest.param(["h/test_deliver.py_test_b[two_words].jsonl"], "got a history: pass its folder", id="a history"),
        pytest.param(["newer.jsonl"], "written by the newer version 9.9 of Roomproof", id="newer"),
        pytest.param(["r.jsonl", "--histories", "nowhere"], "expected a folder of histories", id="no histories"),
        pytest.param(["r.jsonl", "--html", "r.jsonl"], "expected a file to write to", id="over its input"),
        pytest.param(["r.jsonl", "--html", "nowhere/x.html"], "cannot write nowhere/x.html", id="no such folder"),
    ],
)
def test_anything_else_is_a_usage_error(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "newer.jsonl").write_bytes(b"".join(lines(RUN | {"format": 99, "version": "9.9"}, VALID)))

    done = report(folder, *arguments)

    assert (done.returncode, done.stdout) == (4, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_names_of_files_cannot_disturb_the_terminal(folder: Path) -> None:
    done = report(folder, "\x1b[31m.jsonl")

    assert "\x1b" not in done.stderr


def test_help_shows_two_examples(tmp_path: Path) -> None:
    assert report(tmp_path, "--help").stdout.count("  roomproof report ") >= 2


def test_markdown_is_printed_and_nothing_else(folder: Path) -> None:
    done = report(folder, "r.jsonl", "--badge", "badge.svg", "--markdown")

    assert done.stdout.startswith("## Roomproof\n\n**INVALID**: the server breaks DELIVER-3\n")
    assert done.stderr == "wrote badge.svg\n"
    assert 'aria-label="roomproof: invalid, 1 MUST broken"' in (folder / "badge.svg").read_text()
    assert not (folder / "roomproof-report.html").exists()


def test_markdown_can_go_to_a_file(folder: Path) -> None:
    done = report(folder, "r.jsonl", "--markdown", "summary.md")

    assert (done.returncode, done.stdout) == (0, "")
    assert "DELIVER-3" in (folder / "summary.md").read_text()


def test_a_result_file_is_never_taken_for_markdown(folder: Path) -> None:
    before = (folder / "r.jsonl").read_bytes()

    assert report(folder, "--markdown", "r.jsonl").returncode == 4
    assert report(folder, "--markdown", "r.jsonl", "r.jsonl").returncode == 4
    assert (folder / "r.jsonl").read_bytes() == before


def test_a_history_of_another_run_is_not_shown(folder: Path) -> None:
    early = [Started(epoch=1_000_000_000), *doubled_history()[1:]]
    (folder / "h" / "test_deliver.py_test_b[two_words].jsonl").write_bytes(dump(early))

    assert report(folder, "r.jsonl", "--histories", "h").returncode == 0

    page = (folder / "roomproof-report.html").read_text()
    assert "its history is not shown: it is of another run" in page
    assert 'role="img"' not in page


def test_a_second_folder_can_have_the_history(folder: Path) -> None:
    (folder / "empty").mkdir()

    done = report(folder, "r.jsonl", "--histories", "empty", "--histories", "h")

    assert done.stderr == "wrote roomproof-report.html\n"
    assert 'role="img"' in (folder / "roomproof-report.html").read_text()


def test_a_folder_without_the_history_is_named(folder: Path) -> None:
    (folder / "empty").mkdir()

    done = report(folder, "r.jsonl", "--histories", "empty")

    assert done.returncode == 0
    assert "no history of 1 failure is in the folder" in done.stderr

"""The command `roomproof report`: pages and texts about result files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.errors import UsageError
from roomproof.history import Event, HistoryError, read_history
from roomproof.printable import counted, escaped
from roomproof.report.history_file import history_path
from roomproof.report.page.badge import badge
from roomproof.report.page.html_page import html_page
from roomproof.report.page.markdown import markdown
from roomproof.report.run_of_history import is_of_run
from roomproof.report.saved_run import ResultError, SavedRun, read_run
from roomproof.spec.rules import read_protocol

DEFAULT_PAGE = Path("roomproof-report.html")
"""The file of the page, unless something else is asked for."""

STDOUT = Path("-")
"""The value of --markdown without a file."""

DESCRIPTION = """\
Writes a page about result files of `roomproof verify --results FILE` and `roomproof load --results FILE`.
The page needs no network and no scripts. Several results stand side by side: the state of each rule, and the charts
of load runs.
"""

EPILOG = """\
examples:
  roomproof verify http://localhost:8080 --results r.jsonl --histories h
  roomproof report r.jsonl --histories h --html report.html     with a sequence chart for each failure

  roomproof report old.jsonl new.jsonl                          two servers or versions side by side
  roomproof report r.jsonl --badge badge.svg --markdown >> "$GITHUB_STEP_SUMMARY"

exit codes: 0 written, whatever the verdict; 4 usage error, such as a file that is no result file
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="a file of --results")
    parser.add_argument(
        "--histories",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="the folder of `verify --histories FOLDER`; repeatable, for several results",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help=f"where to write the page; default: {DEFAULT_PAGE}")
    parser.add_argument(
        "--markdown",
        type=Path,
        nargs="?",
        const=STDOUT,
        metavar="FILE",
        help="write Markdown for a pull request or the summary of a job; without FILE, print it",
    )
    parser.add_argument("--badge", type=Path, metavar="FILE", help="write an SVG image with the verdict")


def report(given: argparse.Namespace) -> int:
    """Write what is asked for, and return the exit code: 0, or that of a usage error."""
    try:
        runs = read_runs(given.results)
        histories = HistoryFolders(given.histories, runs)
        protocol = read_protocol()
        if given.html or not (given.markdown or given.badge):
            write(given.html or DEFAULT_PAGE, html_page(runs, histories.history, protocol), given.results)
        if given.badge:
            write(given.badge, badge(runs, protocol), given.results)
        if given.markdown == STDOUT:
            print(markdown(runs, protocol), end="")
        elif given.markdown:
            write(given.markdown, markdown(runs, protocol), given.results)
        if histories.missing:
            print(f"no history of {counted(histories.missing, 'failure')} is in the folder", file=sys.stderr)
    except (ResultError, UsageError) as error:
        print(f"roomproof report: {escaped(str(error))}", file=sys.stderr)
        return USAGE_ERROR
    return 0


class HistoryFolders:
    """The folders of histories.

    `missing` counts the failures without a history in them.
    """

    def __init__(self, folders: Sequence[Path], runs: Sequence[SavedRun]) -> None:
        """Raise UsageError if a folder is missing."""
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"expected a folder of histories, got {folder}")
        self._folders = folders
        self._runs = runs
        self.missing = 0

    def history(self, run: SavedRun, scenario: str) -> Sequence[Event] | None:
        """Return the history of a scenario in a run, or None if there is none.

        Raises HistoryError.
        """
        paths = [path for folder in self._folders if (path := history_path(folder, scenario)).is_file()]
        for path in paths:
            events = read(path)
            if is_of_run(events, run, self._runs):
                return events
        if paths:
            raise HistoryError("it is of another run")
        self.missing += bool(self._folders)
        return None


def read(path: Path) -> list[Event]:
    """Return the events of a history. Raises HistoryError."""
    try:
        with path.open("rb") as lines:
            return list(read_history(lines))
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror}") from error


def read_runs(paths: Sequence[Path]) -> list[SavedRun]:
    """Return the runs of result files.

    Raises ResultError and UsageError, which name the file.
    """
    return [_read(path, name) for path, name in zip(paths, _names(paths), strict=True)]


def _read(path: Path, name: str) -> SavedRun:
    try:
        with path.open("rb") as lines:
            return read_run(name, lines)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from error


def _names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file.

    That is its own name without the suffix, or the whole path where names repeat.
    """
    stems = [path.stem for path in paths]
    return [stem if stems.count(stem) == 1 else str(path) for path, stem in zip(paths, stems, strict=True)]


def write(path: Path, text: str, inputs: Sequence[Path]) -> None:
    """Write a file, and say where it is.

    Raises UsageError, also for a file that would replace an input.
    """
    if any(path.exists() and one.exists() and path.samefile(one) for one in inputs):
        raise UsageError(f"expected a file to write to, got the result file {path}")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    print(f"wrote {escaped(str(path))}", file=sys.stderr)

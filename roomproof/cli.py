"""The command `roomproof`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from roomproof.history import Deadline, HistoryError, Opened, load
from roomproof.judge.offline.judge import judge
from roomproof.report.failure_text import finding_line
from roomproof.report.version import tool_version
from roomproof.suite.paths import load_scripts_folder, scenarios_folder
from roomproof.timeline import connection_names, timeline
from roomproof.verdict import EXIT_CODES, Conclusion

EPILOG = """\
exit codes: 0 valid, 1 invalid, 2 interrupted, 3 inconclusive, 4 usage error

examples:
  roomproof verify                                  the embedded reference server
  roomproof verify --target http://localhost:8080   a server of yours
  roomproof verify --topology pubsub -n 2           two instances, nginx and Redis, and what happens when they break
  roomproof verify -n 4 --results results.jsonl     in parallel, with a machine-readable result
  roomproof verify 'test_order.py::test_x'          one scenario, as failures name it
  roomproof verify --help                           all options: pytest's, and its group 'Roomproof'
  roomproof verify --histories h; roomproof judge h/*.jsonl
  roomproof load churn --headless --host http://localhost:8080    one of the load scripts, under Locust
"""

USAGE_ERROR = 4

WEIGHT = [EXIT_CODES[one] for one in (Conclusion.INVALID, Conclusion.VALID, Conclusion.INCONCLUSIVE)]
"""Of several histories the first of these counts: some scenarios let nobody in, and that takes nothing from others."""


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors have the exit code of pytest's."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code is returned."""
    parser = _Parser(
        prog="roomproof",
        description="Proves that a WebSocket chat service keeps its promises, rule by rule (PROTOCOL.md).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"roomproof {tool_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("verify", help="run the scenarios against a server; arguments are pytest's", add_help=False)
    commands.add_parser("load", help="run a load script; arguments are its name and Locust's", add_help=False)
    judging = commands.add_parser("judge", help="judge written histories again: findings, each with its witnesses")
    judging.add_argument("history", nargs="+", type=Path, help="a history as `verify --histories FOLDER` writes it")
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["verify"]:
        return verify(words[1:])
    if words[:1] == ["load"]:
        return load_with(words[1:], parser)
    codes = {judge_file(path) for path in parser.parse_args(words).history}
    return next(code for code in (USAGE_ERROR, *WEIGHT) if code in codes)


def load_with(arguments: list[str], parser: argparse.ArgumentParser) -> NoReturn:
    """Become Locust with one of the load scripts. Ends with a usage error if the first argument names none."""
    folder = load_scripts_folder()
    scripts = sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
    if not arguments or arguments[0] not in scripts:
        given = f", got {arguments[0]!r}" if arguments else ""
        parser.error(f"expected one of {', '.join(scripts)} behind load{given}; Locust's --help may follow")
    command = [sys.executable, "-m", "locust", "-f", str(folder / f"{arguments[0]}.py"), *arguments[1:]]
    os.execv(sys.executable, command)


def judge_file(path: Path) -> int:
    """Print what one history shows; 0 for nothing, 1 for findings, 3 if nobody was let in, 4 if it is no history."""
    try:
        with path.open("rb") as lines:
            events = list(load(lines))
        findings = judge(events)
    except OSError as error:
        print(f"roomproof: cannot read {path}: {error.strerror}", file=sys.stderr)
        return USAGE_ERROR
    except HistoryError as error:
        print(f"roomproof: {path}: {error}", file=sys.stderr)
        return USAGE_ERROR
    is_whole = any(isinstance(event, Deadline) for event in events)
    if not is_whole:  # what is missing in it may have come later
        findings = [finding for finding in findings if not finding.overdue]
    names = connection_names(events)
    for finding in findings:
        print(f"{path}: {finding.rule}: {finding_line(finding, events)}")
        for line in timeline(finding.witness, names=names):
            print(f"    {line}")
    if not any(isinstance(event, Opened) for event in events):
        print(f"{path}: inconclusive: nobody was ever let in")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    if not is_whole and not findings:
        print(f"{path}: inconclusive: it ends before the deadline, so whether anything is missing cannot be told")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    print(f"{path}: {len(findings)} findings in {len(events)} events of {len(names)} connections")
    return EXIT_CODES[Conclusion.INVALID if findings else Conclusion.VALID]


def verify(arguments: list[str]) -> int:
    """Run scenarios under pytest, all of them where no argument names any; the exit code is returned."""
    folder = scenarios_folder()
    # The current folder may have a pytest configuration of its own, and scenarios are not its tests.
    ours = ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), "-p", "no:cacheprovider"]
    # By its name a plugin reaches the workers of xdist too.
    return int(pytest.main([*ours, "-p", "roomproof.suite.path_plugin", *arguments, str(folder)]))

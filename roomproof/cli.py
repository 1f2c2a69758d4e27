"""The command `roomproof`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from roomproof.history import Deadline, Event, HistoryError, Opened, read_history
from roomproof.judge.findings import Finding
from roomproof.judge.offline.judge import judge
from roomproof.printable import counted
from roomproof.report.failure_text import finding_line
from roomproof.report.output import make_output_safe
from roomproof.report.version import tool_version
from roomproof.suite.options import prefixed
from roomproof.suite.paths import load_scripts_folder, scenarios_folder
from roomproof.timeline import connection_names, timeline
from roomproof.verdict import EXIT_CODES, Conclusion

EPILOG = """\
exit codes: 0 valid, 1 invalid, 2 interrupted, 3 inconclusive, 4 usage error

examples:
  roomproof verify                                  test the reference server that comes with Roomproof
  roomproof verify --target http://localhost:8080   test your server
  roomproof verify --topology pubsub -n 2           test two instances behind nginx, with Redis, and break parts of them
  roomproof verify -n 4 --results results.jsonl     run four workers, and write results that programs can read
  roomproof verify 'test_order.py::test_x'          run one scenario, by the name that failures show
  roomproof verify --help                           show all options: those of pytest, and the group 'Roomproof'
  roomproof verify --histories h; roomproof judge h/*.jsonl
  roomproof load churn --headless --host http://localhost:8080    run a load script under Locust
"""

INTERRUPTED = 2

USAGE_ERROR = 4

CODES_BY_PRECEDENCE = (
    USAGE_ERROR,
    *(EXIT_CODES[verdict] for verdict in (Conclusion.INVALID, Conclusion.VALID, Conclusion.INCONCLUSIVE)),
)
"""Exit codes of single histories: the first that occurs is that of all histories together.

Valid precedes inconclusive, because some scenarios let no client connect, which takes nothing from the others.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors have the exit code of pytest's."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, by default that of this process, and return the exit code."""
    parser = _Parser(
        prog="roomproof",
        description="Tests rule by rule whether a WebSocket chat service keeps the protocol (PROTOCOL.md).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"roomproof {tool_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("verify", help="run the scenarios against a server; takes pytest's arguments", add_help=False)
    commands.add_parser("load", help="run a load script; takes its name and Locust's arguments", add_help=False)
    judging = commands.add_parser("judge", help="judge recorded histories again, and print findings with witnesses")
    judging.add_argument("history", nargs="+", type=Path, help="a file that `verify --histories FOLDER` wrote")
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["load"]:  # Locust replaces this process
        make_output_safe()
    if words[:1] == ["verify"]:
        return verify(words[1:])
    if words[:1] == ["load"]:
        run_load_script(words[1:], parser)
    codes = {judge_file(path) for path in parser.parse_args(words).history}
    return next(code for code in CODES_BY_PRECEDENCE if code in codes)


def run_load_script(arguments: list[str], parser: argparse.ArgumentParser) -> NoReturn:
    """Replace this process by Locust with a load script.

    A first argument that is no script is a usage error.
    """
    folder = load_scripts_folder()
    scripts = sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
    if not arguments or arguments[0] not in scripts:
        given = f", got {arguments[0]!r}" if arguments else ""
        parser.error(f"expected one of {', '.join(scripts)} behind load{given}; Locust's --help may follow")
    script = str(folder / f"{arguments[0]}.py")
    command = [sys.executable, "-P", "-m", "roomproof.load", "-f", script, *arguments[1:]]
    os.execv(sys.executable, command)


def judge_file(path: Path) -> int:
    """Print the findings of one history.

    Returns 0 without findings, 1 with findings, 3 if the history cannot tell, and 4 if the file is not a history.
    """
    try:
        with path.open("rb") as lines:
            events = list(read_history(lines))
        findings = judge(events)
    except OSError as error:
        print(f"roomproof: cannot read {path}: {error.strerror}", file=sys.stderr)
        return USAGE_ERROR
    except HistoryError as error:
        print(f"roomproof: {path}: {error}", file=sys.stderr)
        return USAGE_ERROR
    is_complete = any(isinstance(event, Deadline) for event in events)
    if not is_complete:  # what is missing can have arrived after the end of the history
        findings = [finding for finding in findings if not finding.overdue]
    _print_findings(path, findings, events)
    if not any(isinstance(event, Opened) for event in events):
        print(f"{path}: inconclusive: no client was ever connected")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    if not is_complete and not findings:
        print(f"{path}: inconclusive: it ends before the deadline, so it cannot tell whether anything is missing")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    size = f"{counted(len(events), 'event')} of {counted(len(connection_names(events)), 'connection')}"
    print(f"{path}: {counted(len(findings), 'finding')} in {size}")
    return EXIT_CODES[Conclusion.INVALID if findings else Conclusion.VALID]


def _print_findings(path: Path, findings: list[Finding], events: list[Event]) -> None:
    names = connection_names(events)
    for finding in findings:
        print(f"{path}: {finding.rule}: {finding_line(finding, events)}")
        for line in timeline(finding.witness, names=names):
            print(f"    {line}")


def verify(arguments: list[str]) -> int:
    """Run scenarios under pytest, and return the exit code.

    Runs all scenarios unless the arguments select some.
    """
    folder = scenarios_folder()
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):  # they are meant for the tests of the user
        os.environ.pop(name, None)
    # The current folder can have a configuration of pytest, which is not meant for the scenarios.
    configuration = ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), "-p", "no:cacheprovider"]
    # A plugin given by its name reaches the workers of xdist too.
    # PYTEST_DISABLE_PLUGIN_AUTOLOAD keeps pytest from loading xdist, which has -n.
    command = [*configuration, "-p", "xdist", "-p", "roomproof.suite.path_plugin"]
    # Options of the suite get the name that no plugin of the user can have.
    # The folder comes first: as the last argument it would become the value of an option that lacks one.
    try:
        return int(pytest.main([*command, str(folder), *prefixed(arguments)]))
    except KeyboardInterrupt:  # before the run began
        return INTERRUPTED
    except OSError as error:
        print(f"roomproof: cannot write a report: {error}", file=sys.stderr)
        return EXIT_CODES[Conclusion.INCONCLUSIVE]

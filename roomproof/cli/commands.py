"""The commands of `roomproof` but `verify` and `load`, and the help of all."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

import shtab

from roomproof.cli.comparing import add_options as add_compare_options
from roomproof.cli.comparing import compare_files
from roomproof.cli.dialect import play
from roomproof.cli.exit_codes import EXIT_CODES_LINE, INTERRUPTED, USAGE_ERROR
from roomproof.cli.judging import judge_files
from roomproof.cli.loading import load_scripts
from roomproof.cli.reporting import add_options as add_report_options
from roomproof.cli.reporting import report
from roomproof.cli.rules import explain, list_rules
from roomproof.cli.schema import print_schema
from roomproof.cli.verify_options import add_verify_options
from roomproof.report.schema import TITLES
from roomproof.report.version import tool_version
from roomproof.spec.rules import read_protocol

EPILOG = f"""\
{EXIT_CODES_LINE}

examples:
  roomproof verify                            test the reference server that comes with Roomproof
  roomproof verify http://localhost:8080      test your server
  roomproof verify --topology pubsub -n 2     test two instances behind nginx, and break parts of them
  roomproof verify URL --rule ORDER-1         test one rule
  roomproof explain ORDER-1                   say what a rule demands, and which scenarios test it
  roomproof load churn http://localhost:8080  load your server, and verify every delivery
  roomproof verify URL --histories h; roomproof judge h/*.jsonl
  roomproof verify URL --results r.jsonl --histories h; roomproof report r.jsonl --histories h
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors have the exit code of pytest's."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = _Parser(
        prog="roomproof",
        description="Tests rule by rule whether a WebSocket chat service keeps the protocol (PROTOCOL.md).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"roomproof {tool_version()}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shtab.add_argument_to(
        whole,
        ["--print-completion"],
        help="print the completion of a shell, such as bash or zsh",
        preamble={"bash": f'_roomproof_rules() {{ compgen -W "{" ".join(read_protocol().rules)}" -- "$1"; }}'},
    )
    verifying = commands.add_parser("verify", help="run the scenarios against a server; takes pytest's arguments")
    add_verify_options(verifying)
    loading = commands.add_parser("load", help="run a load script; takes its name and Locust's arguments")
    loading.add_argument("script", choices=list(load_scripts()))
    judging = commands.add_parser("judge", help="judge recorded histories again, and print findings with witnesses")
    histories = judging.add_argument("history", nargs="+", type=Path, help="a file that `verify --histories` wrote")
    histories.complete = shtab.FILE  # type: ignore[attr-defined]  # as shtab asks for
    judging.add_argument(
        "--smallest",
        action="store_true",
        help="print for each broken rule the smallest part of the history that shows it, for a bug report",
    )
    add_report_options(commands.add_parser("report", help="write a page about the results of one run or several"))
    add_compare_options(commands.add_parser("compare", help="say what changed between two results, and what is worse"))
    rules = commands.add_parser("rules", help="list the rules, a line each")
    rules.add_argument("family", nargs="*", help="such as deliver or join; all without")
    explaining = commands.add_parser("explain", help="print a rule, and the scenarios that test it")
    ids = explaining.add_argument("rule", nargs="+", help="the id of a rule, such as ORDER-1")
    ids.complete = {"bash": "_roomproof_rules", "zsh": f"({' '.join(read_protocol().rules)})"}  # type: ignore[attr-defined]  # as shtab asks for
    schema = commands.add_parser("schema", help="print the JSON Schema of the lines that Roomproof writes")
    schema.add_argument("file", choices=list(TITLES), help="the lines of result files, or those of histories")
    dialect = commands.add_parser("dialect", help="let two people talk in the dialect of a target file, frame by frame")
    target = dialect.add_argument("target", help="a target file, or a URL")
    target.complete = shtab.FILE  # type: ignore[attr-defined]  # as shtab asks for
    return whole


def run(words: list[str]) -> int:
    """Run the command that the words of a command line name, and return the exit code."""
    try:
        return _run(parser().parse_args(words))
    except KeyboardInterrupt:
        print("roomproof: interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(given: argparse.Namespace) -> int:
    match given.command:
        case "report":
            return report(given)
        case "compare":
            return compare_files(given)
        case "rules":
            return list_rules(given.family)
        case "explain":
            return explain(given.rule)
        case "schema":
            return print_schema(given.file)
        case "dialect":
            return play(given.target)
        case _:
            return judge_files(given.history, is_smallest=given.smallest)

"""The options of `roomproof verify` for its help and for the completion of shells.

Pytest itself parses the command line.
"""

import argparse
from typing import Any

import shtab

from roomproof.cli.exit_codes import EXIT_CODES_LINE
from roomproof.spec.rules import Capability, Need, read_protocol
from roomproof.suite.options import OPTIONS
from roomproof.topologies import catalogue
from roomproof.topologies.front import AFFINITIES

PYTEST_HELP = "--pytest-help"
"""The option that shows all options, those of pytest and of its plugins too."""

USAGE = "roomproof verify [URL|FILE.toml] [SCENARIO ...] [OPTION ...]"

EPILOG = f"""\
{EXIT_CODES_LINE}

examples:
  roomproof verify                                  test the reference server that comes with Roomproof
  roomproof verify http://localhost:8080 -n 4       test your server, with four workers
  roomproof verify URL --rule ORDER-1 -v            test one rule, and print every failure
  roomproof verify URL test_order.py -k burst       run some scenarios
  roomproof verify URL --histories h; roomproof judge h/*.jsonl

docs/cli.md describes every option and file.
"""

OF_PYTEST: dict[tuple[str, ...], dict[str, Any]] = {
    ("-n",): {"metavar": "WORKERS", "help": "run so many scenarios at one time"},
    ("-k",): {"metavar": "EXPRESSION", "help": "run the scenarios whose names match, such as 'burst and not order'"},
    ("-x",): {"action": "store_true", "help": "end the run at the first failure"},
    ("-v",): {"action": "store_true", "help": "print every scenario with its rules, and every failure in detail"},
    ("-q",): {"action": "store_true", "help": "print less"},
    ("--tb",): {"metavar": "no", "help": "print no failure in detail"},
    ("--color",): {"choices": ("yes", "no", "auto"), "help": "colours (default: where the output is a terminal)"},
    ("--collect-only",): {"action": "store_true", "help": "only list the scenarios"},
    ("--junitxml",): {"metavar": "FILE", "help": "write a report for a CI server"},
    (PYTEST_HELP,): {"action": "store_true", "help": "show all options of pytest"},
}
"""Those options of pytest that a user of the suite needs most."""

FILES = ("ca", "deviations", "results")
"""Our options whose value is a file."""


def add_verify_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `roomproof verify` to a parser, ours before pytest's."""
    parser.usage, parser.epilog = USAGE, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("scenario", nargs="*", help="such as test_order.py, or FILE::TEST[CASE] as a failure names it")
    ours = parser.add_argument_group("options of Roomproof")
    for name, attributes in OPTIONS.items():
        action = ours.add_argument(f"--{name}", **attributes, **_values(name))
        if name in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # as shtab asks for
        elif name == "histories":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # as shtab asks for
    others = parser.add_argument_group("options of pytest, of which there are more")
    for names, attributes in OF_PYTEST.items():
        others.add_argument(*names, **attributes)


def _values(name: str) -> dict[str, Any]:
    """The values that a shell offers for an option."""
    values = {
        "rule": list(read_protocol().rules),
        "capability": [str(one) for one in Capability],
        "without": [str(one) for one in Need],
        "topology": list(catalogue.NAMES),
        "affinity": [str(one.kind) for one in AFFINITIES],
    }
    return {"choices": values[name]} if name in values else {}


def help_of_verify() -> str:
    """Return the help of `roomproof verify`."""
    parser = argparse.ArgumentParser(
        prog="roomproof verify", description="Runs the scenarios against a server, and gives the verdict."
    )
    add_verify_options(parser)
    return parser.format_help()

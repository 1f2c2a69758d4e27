"""The command `roomproof`."""

import argparse
import sys

import pytest

from roomproof.report import tool_version
from roomproof.runner.folder import scenarios_folder

EPILOG = """\
exit codes: 0 valid, 1 invalid, 2 interrupted, 3 inconclusive, 4 usage error

examples:
  roomproof verify                                  the embedded reference server
  roomproof verify --target http://localhost:8080   a server of yours
  roomproof verify -n 4 --results results.jsonl     in parallel, with a machine-readable result
  roomproof verify 'test_order.py::test_x'          one scenario, as failures name it
  roomproof verify --help                           all options: pytest's, and its group 'Roomproof'
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code is returned."""
    parser = argparse.ArgumentParser(
        prog="roomproof",
        description="Proves that a WebSocket chat service keeps its promises, rule by rule (PROTOCOL.md).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"roomproof {tool_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "verify", help="run the scenarios against a server; arguments are pytest's", add_help=False, prefix_chars="\0"
    )
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["verify"]:
        return verify(words[1:])
    parser.parse_args(words)
    return 0


def verify(arguments: list[str]) -> int:
    """Run scenarios under pytest, all of them where no argument names any; the exit code is returned."""
    folder = scenarios_folder()
    words: list[str] = []
    named = False
    for word in arguments:
        file, separator, rest = word.partition("::")
        if not word.startswith("-") and file.endswith(".py") and (folder / file).is_file():
            words.append(f"{folder / file}{separator}{rest}")
            named = True
        else:
            words.append(word)
    if not named:
        words.append(str(folder))
    # The current folder may have a pytest configuration of its own, and scenarios are not its tests.
    return int(
        pytest.main(["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), "-p", "no:cacheprovider", *words])
    )


if __name__ == "__main__":
    raise SystemExit(main())

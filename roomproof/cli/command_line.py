"""The command line of `roomproof`: chooses the command."""

import sys

from roomproof.report.output import make_output_safe


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, by default that of this process, and return the exit code.

    Each command imports what it needs: all imports together take twice as long as those of `load`.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["load"]:  # Locust replaces this process
        make_output_safe()
    match words:
        case ["verify", *others]:
            from roomproof.cli.verifying import verify

            return verify(others)
        case ["load", *others]:
            from roomproof.cli.loading import load

            return load(others)
        case _:
            from roomproof.cli.commands import run

            return run(words)

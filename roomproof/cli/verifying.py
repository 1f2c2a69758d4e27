"""The command `roomproof verify`: runs scenarios under pytest."""

import os
import sys

import pytest

from roomproof.cli.exit_codes import INTERRUPTED
from roomproof.cli.verify_options import PYTEST_HELP, help_of_verify
from roomproof.client.target_file import is_target
from roomproof.report.live_output import is_for_people, make_output_live
from roomproof.suite.options import prefixed
from roomproof.suite.paths import scenarios_folder
from roomproof.verdict import EXIT_CODES, Conclusion


def verify(arguments: list[str]) -> int:
    """Run scenarios under pytest, and return the exit code.

    Runs all scenarios unless the arguments select some. The first argument can be the target itself.
    """
    if {"-h", "--help"} & set(arguments):
        print(help_of_verify(), end="")
        return 0
    arguments = ["--help" if word == PYTEST_HELP else word for word in arguments]
    if arguments and is_target(arguments[0]):
        arguments = ["--target", *arguments]
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
    make_output_live()
    if sys.stdout.isatty() and not is_for_people(sys.stdout, os.environ):
        os.environ.setdefault("PY_COLORS", "0")  # pytest has colours on a CI server that has a terminal
    try:
        return int(pytest.main([*command, str(folder), *prefixed(arguments)]))
    except KeyboardInterrupt:  # before the run began
        return INTERRUPTED
    except OSError as error:
        print(f"roomproof: cannot write a report: {error}", file=sys.stderr)
        return EXIT_CODES[Conclusion.INCONCLUSIVE]

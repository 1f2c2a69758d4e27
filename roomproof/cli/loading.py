"""The command `roomproof load`: runs a load script under Locust."""

import ast
import os
import sys
from pathlib import Path
from typing import NoReturn

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.client.target_file import is_target
from roomproof.suite.paths import load_scripts_folder

HELP = """\
usage: roomproof load SCRIPT [URL|FILE.toml] [OPTION ...]

Runs a load script under Locust. Every delivery is verified.

scripts:
{scripts}

options:
  -u 200 -r 50 -t 60       200 users, 50 more each second, for 60 seconds
  --headless               without the web UI, which is at http://localhost:8089
  --processes 4            four processes
  all others               roomproof load SCRIPT --help

exit codes: 0 valid, 1 invalid, 3 inconclusive

examples:
  python -m reference_server                        serve the reference server at http://localhost:8000
  roomproof load steady http://localhost:8000 --headless -u 200 -t 30
  roomproof load churn http://localhost:8000        open http://localhost:8089 and press Start
"""


def load_scripts() -> dict[str, Path]:
    """Return the load scripts by name, in alphabetical order."""
    files = sorted(load_scripts_folder().glob("*.py"))
    return {file.stem: file for file in files if file.stem != "__init__"}


def help_text() -> str:
    """Return the help of `roomproof load`, with the first line of each script."""
    width = max(map(len, load_scripts()))
    return HELP.format(
        scripts="\n".join(f"  {name:{width}}   {first_line(file)}" for name, file in load_scripts().items())
    )


def first_line(script: Path) -> str:
    """Return the first line of a script's docstring."""
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def locust_arguments(arguments: list[str]) -> list[str]:
    """Return the arguments for Locust, which calls the target `--host`.

    The first argument can be the target itself.
    """
    words = list(arguments)
    if words and is_target(words[0]):
        words.insert(0, "--host")
    given = [word.partition("=") for word in words]
    return [
        f"--host{separator}{value}" if name == "--target" else "".join((name, separator, value))
        for name, separator, value in given
    ]


def load(arguments: list[str]) -> int:
    """Replace this process by Locust with a load script.

    Returns only for help and for usage errors.
    """
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help"):
        print(help_text(), end="")
        return 0
    if name not in load_scripts():
        given = f"got {name!r}" if name else "got none"
        scripts = ", ".join(load_scripts())
        print(f"roomproof load: expected a script ({scripts}), {given}; see roomproof load --help", file=sys.stderr)
        return USAGE_ERROR
    if arguments[1:] and not arguments[1].startswith("-") and not is_target(arguments[1]):
        expected = "a target that begins with http:// or https:// or ends with .toml, or an option"
        print(f"roomproof load: expected {expected}, got {arguments[1]!r}", file=sys.stderr)
        return USAGE_ERROR
    return run(load_scripts()[name], locust_arguments(arguments[1:]))


def run(script: Path, arguments: list[str]) -> NoReturn:
    """Replace this process by Locust with this script and these arguments."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "roomproof.load", "-f", str(script), *arguments])

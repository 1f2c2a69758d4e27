"""The help of a load script: our options, and the usual ones of Locust."""

import argparse
import ast
from pathlib import Path

from locust.argument_parser import get_parser
from locust.util.load_locustfile import load_locustfile

USAGE = "usage: roomproof load {name} [URL|FILE.toml] [OPTION ...]"

OF_LOCUST = """\
Locust:
  -u, --users USERS         users in all; 20 without the web UI
  -r, --spawn-rate RATE     users that start in a second
  -t, --run-time TIME       how long, such as 300, 90s or 1h30m; 60 s without the web UI
  --headless                without the web UI, which is at http://localhost:8089
  --processes N             that many processes; -1 for one on each core
  --csv PREFIX, --html FILE reports of Locust's own
  all others                locust --help
"""


def _with_default(action: argparse.Action) -> str:
    """Return the text of an option with its default and its environment variable."""
    default = f" (default {action.default})" if action.default else ""
    variable = getattr(action, "env_var", None)
    return f"{action.help}{default}" + (f" [{variable}]" if variable else "")


def script_help(script: str) -> str:
    """Return the help of a load script, with the defaults that it chooses.

    Raises what the import of the script raises.
    """
    load_locustfile(script)  # declares the options, on Locust's events
    parser = get_parser(default_config_files=[])
    formatter = parser._get_formatter()
    for group in parser._action_groups:
        if group.title and group.title.startswith("Roomproof"):
            formatter.start_section(group.title)
            formatter.add_text(group.description)
            for action in group._group_actions:
                action.help = _with_default(action)
            formatter.add_arguments(group._group_actions)
            formatter.end_section()
    docstring = ast.get_docstring(ast.parse(Path(script).read_text(encoding="utf-8"))) or ""
    usage = USAGE.format(name=Path(script).stem)
    return f"{usage}\n\n{docstring}\n\n{formatter.format_help()}\n{OF_LOCUST}"

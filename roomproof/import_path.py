"""Keeps modules in the user's current folder out of what Roomproof starts.

A `secrets.py` or `json.py` there would replace the module of that name in Python itself. This module imports only what
the interpreter has imported before it runs a program.
"""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

PATH_VARIABLE, SAFE_VARIABLE = "PYTHONPATH", "PYTHONSAFEPATH"


def is_current_folder(entry: str) -> bool:
    """Whether an entry of a search path is the current folder."""
    return not entry or os.path.realpath(entry) == os.path.realpath(os.curdir)


def leave_current_folder() -> None:
    """Stop importing from the current folder, in this process and its children.

    If PYTHONPATH names the folder, this process still looks there last: a plugin of pytest can be meant.
    """
    if not sys.flags.safe_path and sys.path and is_current_folder(sys.path[0]):
        del sys.path[0]
    sys.path.sort(key=is_current_folder)
    os.environ.update(child_environment())
    if not os.environ[PATH_VARIABLE]:
        del os.environ[PATH_VARIABLE]


def child_environment() -> dict[str, str]:
    """Return an environment in which Python imports nothing from the current folder."""
    entries = os.environ.get(PATH_VARIABLE, "").split(os.pathsep)
    kept = os.pathsep.join(entry for entry in entries if not is_current_folder(entry))
    return {**os.environ, PATH_VARIABLE: kept, SAFE_VARIABLE: "1"}


class _PathWithoutCurrentFolder(PathFinder):
    """A finder of modules that always leaves out the current folder."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: "object | None" = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module, as PathFinder does."""
        entries = [entry for entry in sys.path if not is_current_folder(entry)] if path is None else path
        return PathFinder.find_spec(fullname, entries, target)  # type: ignore[arg-type]  # whatever came is passed on


def never_import_from_current_folder() -> None:
    """Import nothing from the current folder from now on.

    This holds even if a library adds the folder to the path, as Locust does.
    """
    leave_current_folder()
    sys.meta_path[:] = [_PathWithoutCurrentFolder if finder is PathFinder else finder for finder in sys.meta_path]

"""A pytest plugin that hides the program named by the variable ROOMPROOF_HIDDEN."""

import os
import shutil
from typing import Any

_which = shutil.which


def which(program: str, *arguments: Any, **more: Any) -> str | None:
    """Find a program as shutil.which does, except for the hidden one."""
    return None if program == os.environ["ROOMPROOF_HIDDEN"] else _which(program, *arguments, **more)


shutil.which = which  # type: ignore[assignment]

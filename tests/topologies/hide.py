"""A pytest plugin: the program that the variable ROOMPROOF_HIDDEN names is not installed."""

import os
import shutil
from typing import Any

_which = shutil.which


def which(program: str, *arguments: Any, **more: Any) -> str | None:
    """What shutil.which finds, but for one program."""
    return None if program == os.environ["ROOMPROOF_HIDDEN"] else _which(program, *arguments, **more)


shutil.which = which  # type: ignore[assignment]

"""The terminal to which texts are printed."""

import os
import sys
from pathlib import Path


def show(text: str) -> None:
    """Print a text. Do nothing if the reader of the output is gone."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        with Path(os.devnull).open("wb") as devnull:  # otherwise Python flushes once more at exit, and complains
            os.dup2(devnull.fileno(), sys.stdout.fileno())

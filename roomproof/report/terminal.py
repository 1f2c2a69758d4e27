"""The terminal to which texts are printed."""

import os
import sys
from pathlib import Path
from typing import TextIO


def show(text: str, stream: TextIO | None = None) -> None:
    """Print a text, to stdout by default.

    Does nothing if the reader of the output is gone.
    """
    stream = stream or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        with Path(os.devnull).open("wb") as devnull:  # otherwise Python flushes once more at exit, and complains
            os.dup2(devnull.fileno(), stream.fileno())

"""The log on stderr: one line for each event. No input of a user can forge a line."""

import logging
import sys
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

LEVELS = ("debug", "info", "warning", "error")
"""The log levels, lowest first."""

VERBOSE_LIBRARIES = ("botocore", "boto3", "urllib3", "push_response")
"""Libraries whose debug lines are not logged: they contain what users sent."""


def origin(error: BaseException) -> str:
    """Return the type of an error and where it arose, innermost call first.

    The error's own message is left out, since it can contain what a user sent.
    """
    calls = (f"{Path(call.filename).name}:{call.lineno}" for call in reversed(extract_tb(error.__traceback__)))
    return " < ".join([type(error).__name__, *calls])


def printable(text: str) -> str:
    """Return the text on one line, with control characters escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class OneLineFormatter(logging.Formatter):
    """A formatter that makes one printable line of each record, and no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))

    def formatException(  # noqa: N802 - the name in the module logging
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return "" if ei[1] is None else origin(ei[1])


def log_to_stderr(level: str) -> None:
    """Log to stderr from now on, the libraries included. ``level`` is one of LEVELS."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in VERBOSE_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))

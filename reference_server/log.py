"""Log lines: one for each thing that happens, on stderr, and nothing that a user says can forge one."""

import logging
import sys
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

LEVELS = ("debug", "info", "warning", "error")

VERBOSE_LIBRARIES = ("botocore", "boto3", "urllib3", "push_response")
"""Libraries whose debug lines hold what users said or stored; those are not logged."""


def origin(error: BaseException) -> str:
    """What kind of error it is and where it arose, innermost call first. Its message stays out of it, since it may hold
    what somebody said."""
    calls = (f"{Path(call.filename).name}:{call.lineno}" for call in reversed(extract_tb(error.__traceback__)))
    return " < ".join([type(error).__name__, *calls])


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal would obey."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class OneLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))

    def formatException(  # noqa: N802 - the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return "" if ei[1] is None else origin(ei[1])


def log_to_stderr(level: str) -> None:
    """Everything that this process logs from here on, the libraries included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in VERBOSE_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))

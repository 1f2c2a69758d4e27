"""Ctrl-C: the first one ends the run in order, and further ones are ignored."""

import signal
import threading
from types import FrameType


def heed_first_interrupt() -> None:
    """Let the first SIGINT raise KeyboardInterrupt, and ignore all further ones.

    A second KeyboardInterrupt would abort what the first one began: servers that are ended, files that are closed.
    """
    if _is_ours(signal.default_int_handler):
        signal.signal(signal.SIGINT, _interrupt_once)


def ignore_interrupts() -> None:
    """Ignore all further SIGINT, because the run is ending anyway."""
    if _is_ours(_interrupt_once):
        signal.signal(signal.SIGINT, _ignore)


def _is_ours(handler: object) -> bool:
    """Whether this thread can set the handler of SIGINT, and nobody else has set it."""
    return threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is handler


def _interrupt_once(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _ignore)
    raise KeyboardInterrupt


def _ignore(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing.

    Programs that are started while the run ends do not inherit this, as they would SIG_IGN.
    """

"""Acts of several people that begin at one time, or a moment apart."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def at_once(first: Callable[[], T], second: Callable[[], U], *, apart: float = 0.0) -> tuple[T, U]:
    """Let two acts begin at one time, and return what each returns.

    The second begins `apart` seconds after the first, or before it where the number is negative. Raises the error of an
    act once both are over.
    """
    begin = threading.Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(_act, first, begin, -apart)
        other = threads.submit(_act, second, begin, apart)
    return one.result(), other.result()


def _act(act: Callable[[], T], begin: threading.Barrier, delay: float) -> T:
    begin.wait()
    if delay > 0:
        threading.Event().wait(delay)
    return act()

"""Collects the events of a run from any thread, and lets threads wait for events."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from roomproof.history import Event

T = TypeVar("T")


class Recorder:
    """The events of one run, in the order in which they are recorded."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    @staticmethod
    def now() -> int:
        """Return the time of the history: monotonic, in nanoseconds."""
        return time.monotonic_ns()

    def new_connection(self) -> int:
        """Return a number for a new connection, unique in this run."""
        return next(self._numbers)

    def record(self, event: Event) -> None:
        """Append an event, and wake all waiting threads."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def events(self) -> list[Event]:
        """Return all events so far."""
        with self._changed:
            return list(self._events)

    def wait_for(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """Call `look` again after each event until it returns something, and return that.

        Returns None if `look` returns nothing within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._changed:
                seen = len(self._events)
            found = look()
            if found is not None:
                return found
            with self._changed:
                if len(self._events) == seen and not self._changed.wait(deadline - time.monotonic()):
                    return None
            if time.monotonic() > deadline:
                return look()

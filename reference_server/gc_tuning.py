"""Tuning of the garbage collector for objects that live as long as a connection.

A full collection visits every object. With ten thousand connections that takes seconds, in which no member receives
anything. So objects that have lived for a while are frozen, which means that the collector skips them. Most frozen
garbage is freed by its reference count. The rest is collected once about as many connections have ended as are open.
"""

import gc

COLLECTION_THRESHOLD = 10_000
"""Number of new objects, less those freed, that starts a small collection.

Python's 700 are too few."""

FREEZE_AFTER = 250
"""Number of new connections after which all objects are frozen."""

COLLECT_AFTER = 1_000
"""Minimum number of ended connections after which everything is collected.

It is more while more are open."""


class GcTuning:
    """Counts of connections that began and ended, for the next freeze or collection.

    Invariants:

    - Fewer than FREEZE_AFTER connections began since the last freeze.
    - Fewer connections ended since the last full collection than COLLECT_AFTER, or than are open if that is more.
    """

    def __init__(self) -> None:
        self._open = self._connected = self._disconnected = 0

    @staticmethod
    def prepare() -> None:
        """Freeze what the server consists of, once it is imported and set up."""
        gc.set_threshold(COLLECTION_THRESHOLD, *gc.get_threshold()[1:])
        gc.collect()
        gc.freeze()

    def connected(self) -> None:
        """Count a new connection."""
        self._open += 1
        self._connected += 1
        if self._connected >= FREEZE_AFTER:
            self._connected = 0
            gc.freeze()

    def disconnected(self) -> None:
        """Count the end of a connection."""
        self._open -= 1
        self._disconnected += 1
        if self._disconnected >= max(COLLECT_AFTER, self._open):
            self._disconnected = 0
            gc.unfreeze()
            gc.collect()

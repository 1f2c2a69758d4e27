"""Tuning of the garbage collector for objects that live as long as a connection.

A full collection visits every object. With ten thousand connections that takes seconds, in which no member receives
anything. So objects that have lived for a while are frozen, which means that the collector skips them. A connection
that ends leaves no cycles behind, so that its frozen objects are freed by their reference counts. For cycles that
nobody has thought of there is a full collection, once few connections are open.
"""

import gc

COLLECTION_THRESHOLD = 10_000
"""Number of new objects, less those freed, that starts a small collection.

Python's 700 are too few."""

FREEZE_AFTER = 250
"""Number of new connections after which all objects are frozen."""

COLLECT_AFTER = 1_000
"""Number of ended connections after which everything is collected."""

FEW_CONNECTIONS = 100
"""Maximum number of open connections during a full collection."""


class GcTuning:
    """Counts of connections that began and ended, for the next freeze or collection.

    Invariants:

    - Fewer than FREEZE_AFTER connections began since the last freeze.
    - While at most FEW_CONNECTIONS are open, fewer than COLLECT_AFTER have ended since the last full collection.
    """

    def __init__(self) -> None:
        self._open = self._connected = self._disconnected = 0
        self._is_finished = False

    @staticmethod
    def prepare() -> None:
        """Freeze what the server consists of, once it is imported and set up."""
        gc.set_threshold(COLLECTION_THRESHOLD, *gc.get_threshold()[1:])
        gc.collect()
        gc.freeze()

    def finish(self) -> None:
        """Collect nothing more, because the process ends."""
        self._is_finished = True
        gc.disable()

    def connected(self) -> None:
        """Count a new connection."""
        self._open += 1
        self._connected += 1
        if self._connected >= FREEZE_AFTER:
            self._connected = 0
            gc.collect(1)  # or what is garbage by now would be frozen
            gc.freeze()

    def disconnected(self) -> None:
        """Count the end of a connection."""
        self._open -= 1
        self._disconnected += 1
        if self._is_finished:
            return
        if self._disconnected >= COLLECT_AFTER and self._open <= FEW_CONNECTIONS:
            self._disconnected = 0
            gc.unfreeze()
            gc.collect()
            gc.freeze()

"""Spares the garbage collector what lives as long as a connection.

A full collection looks at every object. With ten thousand connections that takes seconds, in which nobody hears
anything. So what has been there for a while is put aside; what of it becomes garbage is mostly freed at once, by its
reference count. The rest is looked for when about as many connections have ended as there are.
"""

import gc

COLLECTION_THRESHOLD = 10_000
"""So many more objects than were freed make the collector look for garbage among them; Python's 700 are too soon."""

FREEZE_AFTER = 250
"""After so many new connections everything that there is is put aside."""

COLLECT_AFTER = 1_000
"""After so many ends of connections, or as many as there are connections, garbage is looked for everywhere."""


class GcTuning:
    """Told of each connection that comes and goes."""

    def __init__(self) -> None:
        self._open = self._connected = self._disconnected = 0

    @staticmethod
    def prepare() -> None:
        """Put aside what the server consists of, once it has been imported and made."""
        gc.set_threshold(COLLECTION_THRESHOLD, *gc.get_threshold()[1:])
        gc.collect()
        gc.freeze()

    def connected(self) -> None:
        """A connection began."""
        self._open += 1
        self._connected += 1
        if self._connected >= FREEZE_AFTER:
            self._connected = 0
            gc.freeze()

    def disconnected(self) -> None:
        """A connection ended."""
        self._open -= 1
        self._disconnected += 1
        if self._disconnected >= max(COLLECT_AFTER, self._open):
            self._disconnected = 0
            gc.unfreeze()
            gc.collect()

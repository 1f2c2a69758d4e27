"""Spares the garbage collector what lives as long as a connection.

A full collection looks at every object. With ten thousand connections that takes seconds, in which nobody hears
anything. So what has been there for a while is put aside; what of it becomes garbage is mostly freed at once, by its
reference count. The rest is looked for when about as many connections have ended as there are.
"""

import gc

NEW_OBJECTS = 10_000
"""So many more objects than were freed make the collector look for garbage among them; Python's 700 are too soon."""

CAME = 250
"""After so many new connections everything that there is is put aside."""

WENT = 1_000
"""After so many ends of connections, or as many as there are connections, garbage is looked for everywhere."""


class Heap:
    """Told of each connection that comes and goes."""

    def __init__(self) -> None:
        self._here = self._came = self._went = 0

    @staticmethod
    def prepare() -> None:
        """Put aside what the server consists of, once it has been imported and made."""
        gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
        gc.collect()
        gc.freeze()

    def came(self) -> None:
        """A connection began."""
        self._here += 1
        self._came += 1
        if self._came >= CAME:
            self._came = 0
            gc.freeze()

    def went(self) -> None:
        """A connection ended."""
        self._here -= 1
        self._went += 1
        if self._went >= max(WENT, self._here):
            self._went = 0
            gc.unfreeze()
            gc.collect()

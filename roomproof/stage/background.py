"""Acts that go on in threads of their own while a scenario plays."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self


class Background:
    """A context in which acts go on, each in a thread of its own.

    They end once they are told that it is over.
    """

    def __init__(self, acts: Iterable[Callable[[threading.Event], None]]) -> None:
        """Each act gets the event that is set when it is over."""
        self._over = threading.Event()
        self._threads = [threading.Thread(target=act, args=(self._over,), daemon=True) for act in acts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Tell all acts that it is over, and wait until they have ended."""
        self._over.set()
        for thread in self._threads:
            thread.join()

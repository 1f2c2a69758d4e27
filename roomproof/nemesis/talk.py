"""People who keep talking, whatever happens."""

import threading
from collections.abc import Sequence
from types import TracebackType

from roomproof.stage.person import Person

PAUSE_SECONDS = 0.05
"""Seconds that each speaker waits before the next message."""


class BackgroundTalk:
    """A context in which each speaker keeps talking, for as long as it is connected."""

    def __init__(self, *speakers: Person) -> None:
        self.said: dict[Person, list[str]] = {speaker: [] for speaker in speakers}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._speak, args=(speaker,), daemon=True) for speaker in speakers]

    def _speak(self, speaker: Person) -> None:
        said = self.said[speaker]
        while speaker.is_open and not self._over.wait(PAUSE_SECONDS):
            said.append(speaker.say_or_be_gone("and"))

    def __enter__(self) -> "BackgroundTalk":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Stop talking, and wait until everybody has stopped."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def unheard(self, speaker: Person, listeners: Sequence[Person]) -> str:
        """Tell who does not hear which message of a speaker; empty if all hear everything."""
        for listener in listeners:
            for content in self.said[speaker]:
                if not listener.heard(content):
                    return f"{listener.user} does not hear {content!r} of {speaker.user}, got {listener.account()}"
        return ""

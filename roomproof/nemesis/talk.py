"""People who keep talking, whatever happens."""

import threading
from collections.abc import Sequence
from functools import partial

from roomproof.stage.background import Background
from roomproof.stage.person import Person

PAUSE_SECONDS = 0.05
"""Seconds that each speaker waits before the next message."""


class BackgroundTalk(Background):
    """A context in which each speaker keeps talking, for as long as it is connected."""

    def __init__(self, *speakers: Person) -> None:
        self.said: dict[Person, list[str]] = {speaker: [] for speaker in speakers}
        super().__init__(partial(self._speak, speaker) for speaker in speakers)

    def _speak(self, speaker: Person, over: threading.Event) -> None:
        said = self.said[speaker]
        while speaker.is_open and not over.wait(PAUSE_SECONDS):
            said.append(speaker.say_or_be_gone("and"))

    def unheard(self, speaker: Person, listeners: Sequence[Person]) -> str:
        """Tell who does not hear which message of a speaker; empty if all hear everything."""
        for listener in listeners:
            for content in self.said[speaker]:
                if not listener.heard(content):
                    return f"{listener.user} does not hear {content!r} of {speaker.user}, got {listener.account()}"
        return ""

"""The pace of a room: nobody sends faster than servers must deliver (CLOSE-1)."""

from typing import Protocol

from roomproof.spec.limits import UNDELIVERED_MESSAGES

UNDER_WAY = UNDELIVERED_MESSAGES - 1
"""Maximum number of messages on their way to a listener."""


class Talker(Protocol):
    """A person as the pace of a room needs them: as speaker and as listener."""

    @property
    def instance(self) -> str | None:
        """The instance that serves the person, where that is known."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is open, as far as is known."""

    @property
    def reads(self) -> bool:
        """Whether the connection is read."""

    def can_hear(self, speaker: "Talker") -> bool:
        """Whether messages of a speaker are due to this person."""

    def heard(self, content: str) -> bool:
        """Whether a message with this content arrives within the deadline."""


class Pace:
    """The pace of one room: what was said, and how far each listener is."""

    def __init__(self) -> None:
        self._said: list[tuple[Talker, str]] = []
        self._heard: dict[Talker, int] = {}
        """The number of messages that each listener has heard or need not hear."""

    def admit(self, listener: Talker) -> None:
        """Wait for a listener from now on, unless it is waited for already."""
        self._heard.setdefault(listener, len(self._said))

    def admit_hearing(self, listener: Talker, content: str) -> None:
        """Wait from now on for a listener who has heard this message.

        Everything later is due to it (A2).
        """
        if listener not in self._heard:
            later = [number for number, (_, said) in enumerate(self._said, 1) if said == content]
            self._heard[listener] = max(later, default=len(self._said))

    def note(self, speaker: Talker, content: str) -> None:
        """Note that something was said."""
        self._said.append((speaker, content))

    def wait(self) -> None:
        """Wait until every listener is fewer than UNDER_WAY messages behind.

        If one message misses the deadline, stop waiting for anybody: the judge finds the message missing.
        """
        due = len(self._said) - (UNDER_WAY - 1)
        for listener in list(self._heard):
            while self._heard.get(listener, due) < due and listener.reads:
                speaker, content = self._said[self._heard[listener]]
                # The last messages of a speaker who is gone may be lost.
                if not speaker.is_open or not listener.can_hear(speaker) or listener.heard(content):
                    self._heard[listener] += 1
                elif listener.is_open:
                    self._heard.clear()
                else:
                    del self._heard[listener]

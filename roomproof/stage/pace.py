"""How fast people speak who have much to say: not faster than every server has to keep up (CLOSE-1)."""

from typing import Protocol

from roomproof.spec.limits import UNDELIVERED_MESSAGES

UNDER_WAY = UNDELIVERED_MESSAGES - 1
"""So many messages may be on their way to a member at any time."""


class Talker(Protocol):
    """Somebody who speaks in a room and is waited for, as the pace of that room sees them."""

    @property
    def instance(self) -> str | None:
        """The instance that serves them, where that is known."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is, as far as is known, not over."""

    @property
    def reads(self) -> bool:
        """Whether the connection is read."""

    def can_hear(self, speaker: "Talker") -> bool:
        """Whether what a speaker says is due to them."""

    def heard(self, content: str) -> bool:
        """Whether a message with this content arrives within the deadline."""


class Pace:
    """The pace of one room."""

    def __init__(self) -> None:
        self._said: list[tuple[Talker, str]] = []
        self._heard: dict[Talker, int] = {}
        """How much of that everybody who certainly is a member has heard, or needs not."""

    def admit(self, listener: Talker) -> None:
        """From now on a member has to keep up."""
        self._heard[listener] = len(self._said)

    def note(self, speaker: Talker, content: str) -> None:
        """Something was said."""
        self._said.append((speaker, content))

    def wait(self) -> None:
        """Wait until one thing more may be said.

        Once something does not come within the deadline, nobody is waited for any more: that is for others to find.
        """
        due = len(self._said) - (UNDER_WAY - 1)
        for listener in list(self._heard):
            while self._heard.get(listener, due) < due and listener.reads:
                speaker, content = self._said[self._heard[listener]]
                # The last words of whoever is gone may be lost.
                if not speaker.is_open or not listener.can_hear(speaker) or listener.heard(content):
                    self._heard[listener] += 1
                elif listener.is_open:
                    self._heard.clear()
                else:
                    del self._heard[listener]

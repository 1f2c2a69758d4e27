"""How fast people speak who have much to say: not faster than every server has to keep up (CLOSE-1)."""

from typing import TYPE_CHECKING

from roomproof.spec.limits import UNDELIVERED_MESSAGES

if TYPE_CHECKING:
    from roomproof.stage.person import Person

UNDER_WAY = UNDELIVERED_MESSAGES - 1
"""So many messages may be on their way to a member at any time."""


class Pace:
    """The pace of one room."""

    def __init__(self) -> None:
        self._said: list[tuple[Person, str]] = []
        self._heard: dict[Person, int] = {}
        """How much of that everybody who certainly is a member has heard, or needs not."""

    def admit(self, member: "Person") -> None:
        """From now on a member has to keep up."""
        self._heard[member] = len(self._said)

    def note(self, speaker: "Person", content: str) -> None:
        """Something was said."""
        self._said.append((speaker, content))

    def wait(self) -> None:
        """Wait until one thing more may be said.

        Once something does not come within the deadline, nobody is waited for any more: that is for others to find.
        """
        due = len(self._said) - (UNDER_WAY - 1)
        for listener in list(self._heard):
            while self._heard.get(listener, due) < due and listener.connection.reads:
                speaker, content = self._said[self._heard[listener]]
                # The last words of whoever is gone may be lost.
                if not speaker.is_open or not listener.can_hear(speaker) or listener.heard(content):
                    self._heard[listener] += 1
                elif listener.is_open:
                    self._heard.clear()
                else:
                    del self._heard[listener]

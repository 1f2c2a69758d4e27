"""Items on their way between instances. Their numbers make it harmless to publish one twice, or late. Pure.

An instance numbers what it publishes, over all rooms. Whoever hears takes only what is newer than the latest from it:
so nothing is doubled, and nothing comes after what was published later, even if Redis still does what it was sent
through a connection that has been given up since.
"""


class Numbering:
    """The numbers that one instance gives and has heard."""

    def __init__(self, instance: str) -> None:
        """``instance`` is a word that no other run of a server has."""
        self._instance = instance
        self._last_given = 0
        self._last_received: dict[str, int] = {}

    def next(self) -> int:
        """The number of the next item."""
        self._last_given += 1
        return self._last_given

    def encode(self, number: int, frame: str) -> bytes:
        """An own item, for publishing."""
        return f"{self._instance} {number} {frame}".encode()

    def decode(self, payload: bytes) -> str | None:
        """The frame that was published; None if something newer, or the same, was heard before.

        Raises ValueError if no instance writes so.
        """
        instance, digits, frame = payload.decode().split(" ", 2)
        number = int(digits)
        if number <= self._last_received.get(instance, 0):
            return None
        self._last_received[instance] = number
        return frame

    def was_received(self, number: int) -> bool:
        """Whether an own item was heard, or one after it, so that it was surely published."""
        return number <= self._last_received.get(self._instance, 0)

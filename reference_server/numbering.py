"""Numbers of the items that instances publish to each other. Pure.

An instance numbers its items, over all rooms. A receiver drops every item whose number is not higher than the last one
of the same instance. So no item arrives twice, and none arrives after a later one: not even if Redis still executes
commands of a connection that was given up.
"""


class Numbering:
    """The numbers of the items that one instance publishes and receives.

    Invariants:

    - Each number is higher than all that were given before.
    - From each instance, the numbers of the accepted items only rise.
    """

    def __init__(self, instance: str) -> None:
        """``instance`` is a word without spaces that no other server process uses."""
        self._instance = instance
        self._last_given = 0
        self._last_received: dict[str, int] = {}

    def next(self) -> int:
        """Return the number of the next item."""
        self._last_given += 1
        return self._last_given

    def encode(self, number: int, frame: str) -> bytes:
        """Return the payload that publishes an item of this instance."""
        return f"{self._instance} {number} {frame}".encode()

    def decode(self, payload: bytes) -> str | None:
        """Return the frame; None if this item or a later one was received before.

        Raises ValueError if no instance encodes items like this.
        """
        instance, digits, frame = payload.decode().split(" ", 2)
        number = int(digits)
        if number <= self._last_received.get(instance, 0):
            return None
        self._last_received[instance] = number
        return frame

    def was_received(self, number: int) -> bool:
        """Whether an item of our own, or a later one, came back from Redis.

        This proves that the item was published.
        """
        return number <= self._last_received.get(self._instance, 0)

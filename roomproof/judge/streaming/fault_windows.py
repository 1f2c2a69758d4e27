"""Faults injected on purpose, and what had been sent at the edges of each window.

Only tests inject faults under load so far (docs/oracle.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from roomproof.judge import facts
from roomproof.judge.streaming.connection import StreamingConnection


@dataclass(slots=True)
class LiveFaultWindow:
    """A fault from `at` on. Its effect ends when it is mended and has healed."""

    at: int
    instances: frozenset[str] | None
    """The instances whose paths are in scope; None means all."""
    over: int | None = None
    """Time at which it was mended and had its time to heal."""
    sent_when_mended: dict[int, int] | None = None
    """By connection, the number of messages sent when it was mended."""
    sent_when_healed: dict[int, int] | None = None
    """By connection, the number of messages sent when it had healed."""

    def mend(self, until: int, heal: int, connections: Iterable[StreamingConnection]) -> None:
        """Note that the fault was undone.

        That was before `until`; the server may take `heal` nanoseconds to recover.
        """
        self.over = until + heal
        self.sent_when_mended = {connection.number: connection.sent for connection in connections}

    def heal(self, connections: Iterable[StreamingConnection]) -> None:
        """Note that the time to recover is over: what is sent from now on has no excuse."""
        self.sent_when_healed = {connection.number: connection.sent for connection in connections}

    def covers(self, connection: StreamingConnection, at: int) -> bool:
        """Whether it touches a connection at some time."""
        in_time = self.at <= at and (self.over is None or at <= self.over)
        return in_time and facts.is_in_scope(self.instances, connection.instance)

    def excuses(
        self, sender: StreamingConnection, receiver: StreamingConnection, item: int, overtaken_at: int | None
    ) -> bool:
        """Whether it can have swallowed an item.

        `overtaken_at`: when a later one arrived; None if none did.
        """
        return facts.is_excused(
            in_scope=facts.is_in_scope(self.instances, sender.instance, receiver.instance),
            overtaken_before=overtaken_at is not None and overtaken_at < self.at,
            sent_after_healing=self._is_sent_after_healing(sender, item),
            received_after_mending=self._has_received_after_mending(sender, receiver),
        )

    def _is_sent_after_healing(self, sender: StreamingConnection, item: int) -> bool:
        if self.sent_when_healed is None:
            return False
        if item == sender.leave and sender.has_ended():
            end = sender.apparently_left_at
            return end is not None and self.over is not None and end >= self.over
        return item > self.sent_when_healed.get(sender.number, -1)

    def _has_received_after_mending(self, sender: StreamingConnection, receiver: StreamingConnection) -> bool:
        if self.sent_when_mended is None or not receiver.has_received_from(sender.column):
            return False
        return receiver.next_of(sender.column) - 1 > self.sent_when_mended.get(sender.number, -1)

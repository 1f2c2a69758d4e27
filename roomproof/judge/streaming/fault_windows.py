"""Faults injected on purpose: whom they touch, and what had been said at the edges of their windows."""

from collections.abc import Iterable
from dataclasses import dataclass

from roomproof.judge.facts import is_in_scope
from roomproof.judge.streaming.connection import StreamingConnection


@dataclass(slots=True)
class LiveFaultWindow:
    """Something is broken from `at`, until it is mended; the numbers say how much each connection had said by then."""

    at: int
    instances: frozenset[str] | None
    """Those whose paths are in scope; None means all."""
    over: int | None = None
    """When it is mended and had its time to heal."""
    said_when_mended: dict[int, int] | None = None
    said_when_healed: dict[int, int] | None = None

    def is_mended(self, until: int, heal: int, connections: Iterable[StreamingConnection]) -> None:
        """It was undone before `until`; the server needs so long to recover. Both in nanoseconds."""
        self.over = until + heal
        self.said_when_mended = {connection.number: connection.said for connection in connections}

    def is_healed(self, connections: Iterable[StreamingConnection]) -> None:
        """The time to recover is over: nothing that is said from now on has an excuse."""
        self.said_when_healed = {connection.number: connection.said for connection in connections}

    def covers(self, connection: StreamingConnection, at: int) -> bool:
        """Whether it touches a connection at some time."""
        in_time = self.at <= at and (self.over is None or at <= self.over)
        return in_time and is_in_scope(self.instances, connection.instance)

    def excuses(
        self, sender: StreamingConnection, receiver: StreamingConnection, item: int, overtaken_at: int | None
    ) -> bool:
        """Whether it can have swallowed an item; `overtaken_at` is when a later one came, None if none did.

        The definition is that of offline/expected.py.
        """
        if not is_in_scope(self.instances, sender.instance, receiver.instance):
            return False
        if overtaken_at is not None and overtaken_at < self.at:
            return False
        if self.said_when_healed is not None and self._is_said_later(sender, item, self.said_when_healed):
            return False
        if self.said_when_mended is None or not receiver.has_heard(sender.column):
            return True
        before = receiver.next_of(sender.column) - 1
        return before <= self.said_when_mended.get(sender.number, -1)

    def _is_said_later(self, sender: StreamingConnection, item: int, said: dict[int, int]) -> bool:
        if item == sender.leave and sender.ended_at is not None:
            end = sender.own_end_at if sender.apparently_ended_first else None
            return end is not None and self.over is not None and end >= self.over
        return item > said.get(sender.number, -1)

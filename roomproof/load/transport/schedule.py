"""When a user means to speak, whatever the server does: the open model of load. Pure; times are nanoseconds."""

from dataclasses import dataclass

TICK_NS = 1_000_000
"""Users mean to speak at the beginnings of ticks, which are whole milliseconds of the monotonic clock."""

LATE_NS = 100_000_000
"""What is said so long after it was meant to be said counts as late."""

DROPPED_NS = 1_000_000_000
"""What could not be said for so long is not said any more, and counts as dropped, unless it is the latest."""


GOLDEN_RATIO = 0.6180339887498949
"""Multiples of it, modulo 1, lie as evenly as can be, however many there are."""


def phase(number: int, offset: float) -> float:
    """Which part of the interval a user waits first: users who start together do not speak together."""
    return (offset + number * GOLDEN_RATIO) % 1.0


def tick_from(at: int) -> int:
    """When the first tick begins that does not begin before a time."""
    return -(-at // TICK_NS) * TICK_NS


@dataclass(slots=True)
class Schedule:
    """One user's times: the ticks from `next_at`, and every `interval` after it. An interval of 0 means never."""

    interval: int
    next_at: int

    @property
    def due(self) -> int | None:
        """When it is time to speak; None if that never comes."""
        return tick_from(self.next_at) if self.interval else None

    def wait(self, now: int) -> float | None:
        """Seconds until it is time to speak; None if that never comes."""
        due = self.due
        return None if due is None else max(0, due - now) / 1e9

    def take_next(self, now: int) -> tuple[int, int]:
        """For when what is said now was meant, and how many times before that were given up."""
        dropped = 0
        behind = now - self.next_at - DROPPED_NS
        if behind > 0:
            # What is said now was meant for a time that has come, however long that is ago.
            dropped = min(behind // self.interval + 1, (now - self.next_at) // self.interval)
            self.next_at += dropped * self.interval
        meant = min(tick_from(self.next_at), max(now, self.next_at))
        self.next_at += self.interval
        return meant, dropped

    def missed(self, now: int) -> int:
        """How many times have passed since it spoke last."""
        return max(0, (now - self.next_at) // self.interval + 1) if self.interval else 0

    def skip_past(self, now: int) -> None:
        """Leave out the times that have passed: the user had something else to do."""
        if self.interval and self.next_at < now:
            self.next_at += -((self.next_at - now) // self.interval) * self.interval

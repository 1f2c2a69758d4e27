"""Schedules of messages that depend on no server: the open model of load.

Pure; times are nanoseconds.
"""

from dataclasses import dataclass

TICK_NS = 1_000_000
"""A tick in nanoseconds. Messages are scheduled for beginnings of ticks: whole milliseconds of the monotonic clock."""

LATE_NS = 100_000_000
"""Nanoseconds behind its schedule after which a message counts as late."""

DROPPED_NS = 1_000_000_000
"""Nanoseconds behind its schedule after which a message is not sent, but counts as dropped, unless it is the latest."""

GOLDEN_RATIO = 0.6180339887498949
"""Its multiples, modulo 1, are spread as evenly as possible, however many there are."""


def phase(number: int, offset: float) -> float:
    """Return the part of the interval that a user waits first, different for each."""
    return (offset + number * GOLDEN_RATIO) % 1.0


def tick_from(at: int) -> int:
    """Return the beginning of the first tick that does not begin before a time."""
    return -(-at // TICK_NS) * TICK_NS


@dataclass(slots=True)
class Schedule:
    """The times of one user: `next_at`, then one each `interval`, moved to ticks.

    An interval of 0 means that nothing is ever sent.
    """

    interval: int
    next_at: int

    @property
    def due(self) -> int | None:
        """The time of the next message; None if there is none."""
        return tick_from(self.next_at) if self.interval else None

    def wait(self, now: int) -> float | None:
        """Return the seconds until the next message; None if there is none."""
        due = self.due
        return None if due is None else max(0, due - now) / 1e9

    def take_next(self, now: int) -> tuple[int, int]:
        """Return the scheduled time of the message sent now, and the number dropped."""
        dropped = 0
        behind = now - self.next_at - DROPPED_NS
        if behind > 0:
            # The message that is sent is one whose time has come, however long ago that is.
            dropped = min(behind // self.interval + 1, (now - self.next_at) // self.interval)
            self.next_at += dropped * self.interval
        scheduled = min(tick_from(self.next_at), max(now, self.next_at))
        self.next_at += self.interval
        return scheduled, dropped

    def missed(self, now: int) -> int:
        """Return the number of messages whose time has passed."""
        return max(0, (now - self.next_at) // self.interval + 1) if self.interval else 0

    def skip_past(self, now: int) -> None:
        """Leave out the messages whose time has passed: the user did something else."""
        if self.interval and self.next_at < now:
            self.next_at += -((self.next_at - now) // self.interval) * self.interval

"""From what a generator measured of itself to whether it was overloaded. Pure."""

from dataclasses import dataclass

LAG_MS = 250
"""A generator whose timers are later than this, at the 99th percentile, measures itself."""

CPU = 0.9
"""A generator that needs more of a core than this, whether it gets it or not, is overloaded..."""

CPU_SECONDS = 3
"""... when it does so for this many seconds in a row."""

STALL_MS = 1_000
"""Standing still for so long, a generator may itself have made something late."""

DROPPED_SHARE = 0.001
"""So much of what it meant to say a generator may give up."""


@dataclass(slots=True)
class GeneratorLoad:
    """What one worker measured of itself, second by second.

    `overloaded` describes the measured part of the run, `strained` all of it, ramp-up and end included: there a short
    time is enough, because even that can be the cause of something missing.
    """

    busy_seconds: int = 0
    """In a row, up to now."""
    longest_busy: int = 0
    worst_lag_ms: float = 0.0
    measured_busy: int = 0

    def note(self, demand: float, lag_ms: float) -> None:
        """Take down a second: the share of a core that it needed, and how late its timers were."""
        self.busy_seconds = self.busy_seconds + 1 if demand > CPU else 0
        self.longest_busy = max(self.longest_busy, self.busy_seconds)
        self.measured_busy = max(self.measured_busy, self.busy_seconds)
        self.worst_lag_ms = max(self.worst_lag_ms, lag_ms)

    def begin_to_measure(self) -> None:
        """The ramp-up is over."""
        self.busy_seconds = self.measured_busy = 0

    def overloaded(self, lag_p99_ms: float, sent: int, dropped: int) -> list[str]:
        """What makes the measured part of the run worthless."""
        reasons = []
        if lag_p99_ms > LAG_MS:
            reasons.append(
                f"its timers were {lag_p99_ms:.0f} ms late at the 99th percentile, expected {LAG_MS} at most"
            )
        if self.measured_busy >= CPU_SECONDS:
            reasons.append(f"it needed more than {CPU:.0%} of a core for {self.measured_busy} s")
        if dropped > DROPPED_SHARE * (sent + dropped):
            reasons.append(f"it gave up {dropped} of {sent + dropped} messages that it was too late to send")
        return reasons

    def strained(self) -> list[str]:
        """What may have made things late at any time."""
        reasons = []
        if self.longest_busy >= CPU_SECONDS:
            reasons.append(f"it needed more than {CPU:.0%} of a core for {self.longest_busy} s")
        if self.worst_lag_ms > STALL_MS:
            reasons.append(f"it stood still for {self.worst_lag_ms:.0f} ms")
        return reasons

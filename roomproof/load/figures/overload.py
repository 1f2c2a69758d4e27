"""Decides from the measurements of a generator whether it was overloaded. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import msgspec

LAG_MS = 250
"""Milliseconds of lateness of timers, at the 99th percentile, beyond which a generator is overloaded."""

CPU = 0.9
"""The share of a core beyond which a second is busy, whether the generator gets the share or not."""

CPU_SECONDS = 3
"""Busy seconds in a row that make a generator overloaded."""

STALL_MS = 1_000
"""Milliseconds of a single late timer beyond which the generator can have delayed something itself."""

DROPPED_SHARE = 0.001
"""The share of scheduled messages that a generator may drop."""


class OverloadKind(StrEnum):
    """The ways in which a generator can be overloaded."""

    LATE_TIMERS = "late_timers"
    BUSY_CORE = "busy_core"
    DROPPED_SENDS = "dropped_sends"
    STALL = "stall"


class OverloadReason(msgspec.Struct, frozen=True):
    """The way in which a generator was overloaded, and how much."""

    kind: OverloadKind
    amount: int
    """Milliseconds of lateness or of a stall, seconds of a busy core, or dropped messages."""
    scheduled: int = 0
    """With DROPPED_SENDS: the messages that were to be sent."""

    @property
    def text(self) -> str:
        """The reason as a clause about the generator."""
        match self.kind:
            case OverloadKind.LATE_TIMERS:
                return f"its timers were {self.amount} ms late at the 99th percentile, expected {LAG_MS} at most"
            case OverloadKind.BUSY_CORE:
                return f"it needed more than {CPU:.0%} of a core for {self.amount} s"
            case OverloadKind.DROPPED_SENDS:
                return f"it gave up {self.amount} of {self.scheduled} messages that it was too late to send"
            case OverloadKind.STALL:
                return f"it stood still for {self.amount} ms"
            case _:
                assert_never(self.kind)


def texts_of(reasons: Iterable[OverloadReason]) -> list[str]:
    """Return the texts of different reasons, sorted."""
    return sorted(reason.text for reason in set(reasons))


@dataclass(slots=True)
class GeneratorLoad:
    """The load of one worker, second by second.

    `overload` describes the measured part of the run, `slowdowns` all of it, ramp-up and end included: there a short
    time is enough, because even that can be the cause of something missing.
    """

    busy_seconds: int = 0
    """Busy seconds in a row, up to now."""
    longest_busy: int = 0
    worst_lag_ms: float = 0.0
    measured_busy: int = 0

    def note(self, demand: float, lag_ms: float) -> None:
        """Record one second: CPU demand (share of a core) and timer lag in ms."""
        self.busy_seconds = self.busy_seconds + 1 if demand > CPU else 0
        self.longest_busy = max(self.longest_busy, self.busy_seconds)
        self.measured_busy = max(self.measured_busy, self.busy_seconds)
        self.worst_lag_ms = max(self.worst_lag_ms, lag_ms)

    def start_measuring(self) -> None:
        """Begin the measured part, now that the ramp-up is over."""
        self.busy_seconds = self.measured_busy = 0

    def overload(self, lag_p99_ms: float, sent: int, dropped: int) -> list[OverloadReason]:
        """Return why the measured part of the run is unreliable; empty if it is reliable."""
        reasons = []
        if lag_p99_ms > LAG_MS:
            reasons.append(OverloadReason(OverloadKind.LATE_TIMERS, round(lag_p99_ms)))
        if self.measured_busy >= CPU_SECONDS:
            reasons.append(OverloadReason(OverloadKind.BUSY_CORE, self.measured_busy))
        if dropped > DROPPED_SHARE * (sent + dropped):
            reasons.append(OverloadReason(OverloadKind.DROPPED_SENDS, dropped, sent + dropped))
        return reasons

    def slowdowns(self) -> list[OverloadReason]:
        """Return what can have delayed something at any time of the run."""
        reasons = []
        if self.longest_busy >= CPU_SECONDS:
            reasons.append(OverloadReason(OverloadKind.BUSY_CORE, self.longest_busy))
        if self.worst_lag_ms > STALL_MS:
            reasons.append(OverloadReason(OverloadKind.STALL, round(self.worst_lag_ms)))
        return reasons

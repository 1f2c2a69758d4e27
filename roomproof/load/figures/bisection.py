"""The search for the capacity: double the load until it is bad, then bisect. Pure."""

from dataclasses import dataclass, field

from roomproof.verdict import Conclusion, Verdict

PRECISION = 0.1
"""The share of the smallest bad load by which the largest good load may differ from it at the end."""


@dataclass(frozen=True, slots=True)
class Step:
    """A load that was tried, in a run of its own."""

    users: int
    conclusion: Conclusion
    reason: str
    rate: float | None = None
    """Deliveries a second."""
    is_generator_limit: bool = False
    """Whether the generator was overloaded, so that nothing is known of the server."""
    fault: str = ""
    """Faults of the server that no load excuses; empty if there are none."""

    @property
    def is_good(self) -> bool:
        """Whether the server met every objective and kept every rule."""
        return self.conclusion is Conclusion.VALID


@dataclass(slots=True)
class Bisection:
    """A search from `first` to `most` users, in whole rooms of `room_size`."""

    first: int
    most: int
    room_size: int
    steps: list[Step] = field(default_factory=list)

    @property
    def best(self) -> Step | None:
        """The largest good load."""
        return max((step for step in self.steps if step.is_good), key=lambda step: step.users, default=None)

    @property
    def worst(self) -> Step | None:
        """The smallest bad load."""
        return min((step for step in self.steps if not step.is_good), key=lambda step: step.users, default=None)

    @property
    def first_fault(self) -> Step | None:
        """The first step with a fault that no load excuses."""
        return next((step for step in self.steps if step.fault), None)

    @property
    def decisive(self) -> Step | None:
        """The step with a fault, else the largest good load, else the smallest bad one."""
        return self.first_fault or self.best or self.worst

    def next_users(self) -> int | None:
        """Return the number of users to try next; None if the search is over."""
        best, worst = self.best, self.worst
        good = best.users if best else 0
        if not self.steps:
            return min(self.first, self.most)
        if self.first_fault is not None:
            return None
        if worst is None:
            return min(2 * good, self.most) if good < self.most else None
        if worst.is_generator_limit or worst.users - good <= max(self.room_size, PRECISION * worst.users):
            return None
        middle = round((good + worst.users) / 2 / self.room_size) * self.room_size
        return middle if good < middle < worst.users else None

    def conclude(self, trouble: str = "") -> Verdict:
        """Return the verdict on the search; `trouble` says why it ended early, if it did."""
        best, worst, faulty = self.best, self.worst, self.first_fault
        if faulty is not None:
            reason = f"with {faulty.users} users: {faulty.fault}; capacity: {_found(best)}"
            return _verdict(Conclusion.INVALID, f"{reason}; {trouble}" if trouble else reason)
        if trouble:
            return _verdict(Conclusion.INCONCLUSIVE, f"{trouble}; capacity: {_found(best)}")
        if worst is None:
            return _verdict(Conclusion.VALID, f"capacity: {_found(best)}, the most that was asked for")
        if worst.is_generator_limit:
            reason = f"capacity: {_found(best)}; with {worst.users} users the generator is the limit: {worst.reason}"
            return _verdict(Conclusion.INCONCLUSIVE, reason)
        if best is None:
            reason = f"capacity: none was found, not even {worst.users} users: {worst.reason}"
            return _verdict(worst.conclusion, reason)
        found = f"{best.users} to {worst.users - 1} users, {best.users} tried{_rate(best.rate)}"
        return _verdict(Conclusion.VALID, f"capacity: {found}; with {worst.users} users: {worst.reason}")


def _verdict(conclusion: Conclusion, reason: str) -> Verdict:
    return Verdict(conclusion, reason, partial=True)


def _found(best: Step | None) -> str:
    return f"at least {best.users} users{_rate(best.rate)}" if best else "unknown"


def _rate(rate: float | None) -> str:
    return "" if rate is None else f" ({rate:.0f} deliveries a second)"

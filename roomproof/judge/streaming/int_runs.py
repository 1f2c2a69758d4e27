"""Ascending, mostly consecutive numbers in memory that does not grow with them."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class IntRuns:
    """Ascending numbers, as runs: (first of a run, number after its last)."""

    _runs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def following(self) -> int:
        """The number after the highest; 0 if there is none."""
        return self._runs[-1][1] if self._runs else 0

    def add(self, number: int) -> None:
        """Add a number that is higher than all others. Raises ValueError if it is not."""
        if number < self.following:
            raise ValueError(f"expected a number from {self.following}, got {number}")
        if self._runs and number == self.following:
            self._runs[-1] = self._runs[-1][0], number + 1
        else:
            self._runs.append((number, number + 1))

    def __bool__(self) -> bool:
        return bool(self._runs)

    def __contains__(self, number: int) -> bool:
        return number < self.following and any(first <= number < following for first, following in self._runs)

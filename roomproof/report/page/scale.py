"""Scales of charts: from a value to its place, and the ticks of an axis. Pure."""

import math
from dataclasses import dataclass

STEPS = (1, 2, 5, 10)
"""Factors by which ticks may lie apart, times a power of ten."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear or logarithmic scale.

    The values `low` to `high` have the places `start` to `end`. `low` is less than `high`.
    On a logarithmic scale it is above zero.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def place(self, value: float) -> float:
        """Return the place of a value.

        A value beyond an end of the scale has the place of that end.
        """
        inside = min(max(value, self.low), self.high)
        share = (
            math.log(inside / self.low) / math.log(self.high / self.low)
            if self.is_log
            else (inside - self.low) / (self.high - self.low)
        )
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, most: int = 6) -> list[float]:
        """Return round values on the scale, about `most` of them."""
        return _log_ticks(self.low, self.high, most) if self.is_log else _linear_ticks(self.low, self.high, most)


def linear(high: float, start: float, end: float) -> Scale:
    """Return a scale from zero to a round value that is not below `high`.

    It ends at 1 if `high` is zero.
    """
    step = _step(high or 1, 5)
    return Scale(0, step * max(1, math.ceil((high or 1) / step - 1e-9)), start, end)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Return a logarithmic scale around these values.

    Both of its ends are 1, 2 or 5 times a power of ten.
    """
    bottom = _round_down(low)
    top = _round_down(high)
    if top < high:
        top = _next(top)
    return Scale(bottom, top if top > bottom else _next(bottom), start, end, is_log=True)


def _step(length: float, most: int) -> float:
    power = 10.0 ** math.floor(math.log10(length / most))
    return next(factor * power for factor in STEPS if factor * power * most >= length * 0.999999 or factor == STEPS[-1])


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    step = _step(high - low, most)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    ticks = [low]
    while ticks[-1] < high * 0.999999:
        ticks.append(_next(ticks[-1]))
    while len(ticks) > most:
        ticks = ticks[::2]
    return ticks


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in STEPS[:-1] if factor * power <= value * 1.000001 or factor == 1)


def _next(value: float) -> float:
    """Return the next round value: 2 after 1, 5 after 2, 10 after 5."""
    power = 10.0 ** math.floor(math.log10(value * 1.000001))
    return next(factor * power for factor in STEPS if factor * power > value * 1.000001)

"""Percentiles of times, from histograms that can be added up. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from hdrh.histogram import HdrHistogram

LONGEST_US = 3_600_000_000
"""The longest time, in microseconds: longer times count as one hour."""

DIGITS = 3
"""Significant digits of times."""

NS_PER_US = 1_000

QUANTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
"""The percentiles that are shown, by name."""

_KEPT_BITS = [-1 << max(0, length - 8) for length in range(64)]
"""The mask that keeps the first eight bits of a number, by the length of the number in bits."""

Histogram = dict[int, int]
"""The count of each number of microseconds."""


def histogram_of(nanoseconds: Iterable[int]) -> Histogram:
    """Return times as a histogram.

    Times are rounded down, by less than one percent, so that thousands of them give few counts.
    """
    counts: Counter[int] = Counter()
    for us, count in Counter([time // NS_PER_US for time in nanoseconds]).items():
        counts[us & _KEPT_BITS[us.bit_length()]] += count
    return counts


def quantile(counts: Mapping[int, int], percentile: float) -> int | None:
    """Return a percentile in microseconds; None if there are no times."""
    left = sum(counts.values()) * percentile / 100
    for time in sorted(counts):
        left -= counts[time]
        if left <= 0:
            return time
    return None


class Percentiles:
    """All times of one kind."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LONGEST_US, DIGITS)
        self._new: Counter[int] = Counter()
        """Times not yet in the histogram: recording is slow, and the same times come again and again."""

    def add(self, counts: Mapping[int, int]) -> None:
        """Add the times of a histogram."""
        self._new.update(counts)

    def _all(self) -> HdrHistogram:
        for microseconds, count in self._new.items():
            self._histogram.record_value(min(max(microseconds, 0), LONGEST_US), count)
        self._new.clear()
        return self._histogram

    def clear(self) -> None:
        """Forget all times."""
        self._new.clear()
        self._histogram.reset()

    @property
    def count(self) -> int:
        """The number of times."""
        count: int = self._all().get_total_count()
        return count

    def at(self, percentile: float) -> int | None:
        """Return a percentile in microseconds; None if there are no times."""
        return int(self._all().get_value_at_percentile(percentile)) if self.count else None

    def encoded(self) -> str:
        """Return the times as text in the common format of HdrHistogram."""
        text: bytes = self._all().encode()
        return text.decode("ascii")

    def summary(self) -> dict[str, int | None]:
        """Return the usual percentiles by name, in microseconds."""
        return {name: self.at(percentile) for name, percentile in QUANTILES.items()}

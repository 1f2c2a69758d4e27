"""How long things took: a histogram in microseconds that can be sent and added up. Pure."""

from collections import Counter
from collections.abc import Iterable

from hdrh.histogram import HdrHistogram

LONGEST_US = 3_600_000_000
"""What took longer than an hour counts as an hour."""

DIGITS = 3
"""So many digits of each time are kept."""

NS_PER_US = 1_000


class Percentiles:
    """Times of one kind."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LONGEST_US, DIGITS)

    def record(self, nanoseconds: Iterable[int]) -> Counter[int]:
        """Add times; what was added, as counts of microseconds."""
        counts = Counter([time // NS_PER_US for time in nanoseconds])
        for microseconds, count in counts.items():
            self._histogram.record_value(min(max(microseconds, 0), LONGEST_US), count)
        return counts

    def add(self, encoded: bytes) -> None:
        """Add what another histogram holds."""
        self._histogram.decode_and_add(encoded)

    def encode(self) -> bytes:
        """All of it, to be sent."""
        encoded: bytes = self._histogram.encode()
        return encoded

    def clear(self) -> None:
        """Forget everything."""
        self._histogram.reset()

    @property
    def count(self) -> int:
        """How many times were recorded."""
        count: int = self._histogram.get_total_count()
        return count

    def at(self, percentile: float) -> int | None:
        """The microseconds that so many percent of the times do not exceed; None if nothing was recorded."""
        return int(self._histogram.get_value_at_percentile(percentile)) if self.count else None

    def summary(self) -> dict[str, int | None]:
        """The usual percentiles, in microseconds."""
        return {name: self.at(percentile) for name, percentile in QUANTILES.items()}


QUANTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
"""The percentiles that are shown, by name."""

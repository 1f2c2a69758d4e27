"""Two runs compared: rules that changed, times side by side, regressions. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from roomproof.report.durations import duration
from roomproof.report.saved_histogram import histogram_of
from roomproof.report.saved_run import ResultError, RuleState, SavedRun, VerdictLine
from roomproof.spec.rules import Level, Protocol
from roomproof.verdict import Conclusion, Standing

TIMINGS = ("deliver", "last_recipient", "spread", "connect", "join")
"""Timings of load runs, in the order in which they are shown."""

QUANTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
"""Percentiles that are compared, where the files have them."""

NOISY = "max"
"""The percentile that is a single time: it is shown, and never a regression."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule whose standing changed.

    A standing is None where a file does not know the rule.
    """

    rule: str
    level: Level
    before: Standing | None
    after: Standing | None

    @property
    def is_regression(self) -> bool:
        """Whether a MUST is broken that was not broken before."""
        return self.level is Level.MUST and self.after is Standing.BROKEN

    @property
    def text(self) -> str:
        """The change on one line."""
        return f"{self.rule} ({self.level}): {_words(self.before)} -> {_words(self.after)}"


@dataclass(frozen=True, slots=True)
class TimePair:
    """A percentile in both runs, in microseconds; None where nothing was measured."""

    timing: str
    quantile: str
    before: int | None
    after: int | None

    @property
    def name(self) -> str:
        """The percentile as objectives name it."""
        return f"{self.timing}.{self.quantile}"

    @property
    def change(self) -> str:
        """The change in percent; empty where one of the times is missing or zero."""
        if not self.before or self.after is None:
            return ""
        return f"{(self.after / self.before - 1) * 100:+.0f} %"

    def is_slower(self, factor: float) -> bool:
        """Whether the time grew by more than a factor, or is no longer measured."""
        if self.before is None or self.quantile == NOISY:
            return False
        return self.after is None or self.after > self.before * factor


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is different, and the regressions as sentences."""

    changes: list[RuleChange]
    times: list[TimePair]
    regressions: list[str]


def compare(before: SavedRun, after: SavedRun, protocol: Protocol, slower: float | None = None) -> Comparison:
    """Compare two runs of one kind.

    `slower` is the factor by which percentiles may grow; None for any. Raises ResultError for a killed run, for runs of
    two kinds, and for a damaged histogram.
    """
    first, second = _verdict(before), _verdict(after)
    if before.is_load != after.is_load:
        raise ResultError("expected two runs of the suite or two load runs, got one of each")
    changes = list(_changes(first.rules, second.rules, protocol))
    times = list(_times(before, first, after, second))
    return Comparison(changes, times, list(_regressions(first, second, changes, times, slower)))


def _verdict(run: SavedRun) -> VerdictLine:
    if run.verdict is None:
        raise ResultError(f"{run.name} has no verdict, because its run was killed: expected a run that ended")
    return run.verdict


def _changes(before: dict[str, RuleState], after: dict[str, RuleState], protocol: Protocol) -> Iterator[RuleChange]:
    for rule in dict.fromkeys([*protocol.rules, *before, *after]):
        old, new = before.get(rule), after.get(rule)
        state = new or old
        standings = old.outcome if old else None, new.outcome if new else None
        if state is not None and standings[0] is not standings[1]:
            yield RuleChange(rule, state.level, *standings)


def _times(before: SavedRun, first: VerdictLine, after: SavedRun, second: VerdictLine) -> Iterator[TimePair]:
    for timing in TIMINGS:
        old, new = _percentiles(before, first, timing), _percentiles(after, second, timing)
        for name in QUANTILES:
            if name in old and name in new and (old[name] is not None or new[name] is not None):
                yield TimePair(timing, name, old[name], new[name])


def _percentiles(run: SavedRun, verdict: VerdictLine, timing: str) -> dict[str, int | None]:
    histogram = histogram_of(run, timing)
    if histogram is not None:
        return {name: int(histogram.get_value_at_percentile(share)) for name, share in QUANTILES.items()}
    times = verdict.latency_us if timing == "deliver" else verdict.times_us.get(timing, {})
    return {name: times.get(name) for name in QUANTILES if name in times or not any(times.values())}


def _regressions(
    before: VerdictLine, after: VerdictLine, changes: list[RuleChange], times: list[TimePair], slower: float | None
) -> Iterator[str]:
    yield from (f"{change.rule} is broken now" for change in changes if change.is_regression)
    if before.verdict is Conclusion.VALID and after.verdict is not Conclusion.VALID:
        yield f"the verdict was valid and is {after.verdict}"
    if slower is not None:
        for pair in times:
            if pair.is_slower(slower):
                yield f"{pair.name} was {shown_time(pair.before)} and is {shown_time(pair.after)}"


def shown_time(microseconds: int | None) -> str:
    """Return a time with its unit, or a dash."""
    return "-" if microseconds is None else duration(microseconds)


def _words(standing: Standing | None) -> str:
    return "unknown" if standing is None else standing.replace("_", " ")

"""The charts of load runs, one line or two for each run. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence

from roomproof.report.durations import duration
from roomproof.report.page.line_chart import Axis, LineChart, Series, line_chart
from roomproof.report.saved_histogram import histogram_of
from roomproof.report.saved_run import IntervalLine, SavedRun

SHOWN_POINTS = 400
"""Maximum number of points of a line: a longer run is drawn in steps of several seconds."""

QUANTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
"""The percentiles that every result file has, by name."""

CURVE = (0, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99)
"""Percentiles of the curve, where the file has a whole histogram."""

LAST_PERCENTILE = 99.999
"""The place of the longest time on the axis of percentiles, which has no end."""

Value = Callable[[IntervalLine], float | None]

SECONDS = Axis("seconds since the start")


def load_charts(runs: Sequence[SavedRun]) -> list[LineChart]:
    """Return the charts of load runs, laid over one another.

    A chart without a figure is left out.
    """
    times: list[tuple[str, Value]] = [("p50", lambda one: one.p50), ("p99", lambda one: one.p99)]
    shown_times = times if len(runs) == 1 else times[1:]
    charts = [
        line_chart(
            "Latency of deliveries",
            SECONDS,
            Axis("Logarithmic scale", duration, is_log=True),
            [_over_time(name, run, runs, value, max) for run in runs for name, value in shown_times],
        ),
        line_chart(
            "Latency by percentile",
            Axis("percentile", _percentile_text, ticks=[_place(one) for one in (0, 50, 90, 99, 99.9, LAST_PERCENTILE)]),
            Axis("Logarithmic scale", duration, is_log=True),
            [Series(_name("deliver", run, runs), _curve(run)) for run in runs],
        ),
        _per_second("Deliveries a second", "deliveries", runs, lambda one: one.delivered, _mean),
        _per_second("Open sockets", "sockets", runs, lambda one: one.sockets, max),
        _per_second("Findings", "findings", runs, lambda one: one.findings, sum, is_stems=True),
        _per_second("Lateness of the generator's timers", "ms", runs, lambda one: one.lag_ms, max),
        _per_second("CPU of the busiest generator process", "% of a core", runs, _cpu_percent, max),
    ]
    return [chart for chart in charts if chart is not None]


def _per_second(
    title: str,
    unit: str,
    runs: Sequence[SavedRun],
    value: Value,
    fold: Callable[[list[float]], float],
    *,
    is_stems: bool = False,
) -> LineChart | None:
    lines = [_over_time(unit, run, runs, value, fold, is_stems=is_stems) for run in runs]
    if is_stems and not any(value for line in lines for _, value in line.points):
        return None
    return line_chart(title, SECONDS, Axis(""), lines)


def _over_time(
    name: str,
    run: SavedRun,
    runs: Sequence[SavedRun],
    value: Value,
    fold: Callable[[list[float]], float],
    *,
    is_stems: bool = False,
) -> Series:
    points = [(float(one.second), value(one)) for one in run.intervals]
    return Series(_name(name, run, runs), _thinned(points, fold), is_stems)


def _name(figure: str, run: SavedRun, runs: Sequence[SavedRun]) -> str:
    return figure if len(runs) == 1 else f"{figure}, {run.name}"


def _cpu_percent(line: IntervalLine) -> float | None:
    return None if line.cpu is None else line.cpu * 100


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _thinned(
    points: list[tuple[float, float | None]], fold: Callable[[list[float]], float]
) -> list[tuple[float, float | None]]:
    """Return one point for several, so that no line has more than SHOWN_POINTS."""
    size = math.ceil(len(points) / SHOWN_POINTS) or 1
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(part[0][0], _folded((value for _, value in part), fold)) for part in parts]


def _folded(values: Iterable[float | None], fold: Callable[[list[float]], float]) -> float | None:
    known = [value for value in values if value is not None]
    return fold(known) if known else None


def _curve(run: SavedRun) -> list[tuple[float, float | None]]:
    """Return times by the place of their percentile.

    They are taken from the whole histogram if the file has it.
    """
    if run.verdict is None:
        return []
    histogram = histogram_of(run)
    if histogram is not None and histogram.get_total_count():
        values = {one: float(histogram.get_value_at_percentile(one)) for one in CURVE}
        values[LAST_PERCENTILE] = float(histogram.get_value_at_percentile(100))
    else:
        values = {
            min(QUANTILES[name], LAST_PERCENTILE): float(value)
            for name, value in run.verdict.latency_us.items()
            if name in QUANTILES and value is not None
        }
    return [(_place(percentile), value) for percentile, value in sorted(values.items())]


def _place(percentile: float) -> float:
    """Return the place of a percentile: each further nine has the same width."""
    return round(-math.log10(1 - percentile / 100), 4)


def _percentile_text(place: float) -> str:
    percentile = 100 - 100 * 10**-place
    return "max" if percentile > 99.9985 else f"{percentile:.4g}"

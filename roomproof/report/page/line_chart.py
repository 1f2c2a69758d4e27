"""Line charts as shapes: paths, ticks, and a sentence about them. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from roomproof.report.page.scale import Scale, linear, logarithmic

WIDTH, HEIGHT = 640, 260
"""Size of a chart, in units of its drawing."""

LEFT, RIGHT, TOP, BOTTOM = 66, 20, 10, 42
"""Margins around the lines, for the texts of the axes."""

STYLES = 6
"""Number of styles of lines; further lines begin again with the first."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and its points. A value of None interrupts the line.

    A series of `stems` has an upright stroke for each point instead.
    """

    name: str
    points: Sequence[tuple[float, float | None]]
    is_stems: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """The text of an axis, which can be empty, and how its values are shown."""

    label: str
    text: Callable[[float], str] = "{:,g}".format
    is_log: bool = False
    ticks: Sequence[float] = ()
    """Values of the ticks; without them, round values are taken."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: its place and its text."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line as an SVG path, with the number of its style."""

    name: str
    path: str
    style: int


@dataclass(frozen=True, slots=True)
class LineChart:
    """A chart, ready to be drawn. `summary` says in words what the lines show."""

    width: ClassVar = WIDTH
    height: ClassVar = HEIGHT
    left: ClassVar = LEFT
    right: ClassVar = WIDTH - RIGHT
    foot: ClassVar = HEIGHT - BOTTOM
    title: str
    summary: str
    x_label: str
    y_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    strokes: list[Stroke]


def line_chart(title: str, x: Axis, y: Axis, series: Iterable[Series]) -> LineChart | None:
    """Return a chart of these lines; None if there is not a single point.

    Values of zero stand at the foot of a logarithmic axis.
    """
    lines = [one for one in series if any(value is not None for _, value in one.points)]
    if not lines:
        return None
    places = [place for one in lines for place, _ in one.points] + list(x.ticks)
    x_scale = Scale(min(places), max(*places, min(places) + 1), LEFT, WIDTH - RIGHT)
    y_scale = _y_scale(y, [value for one in lines for value in _values(one)])
    return LineChart(
        title=title,
        summary="; ".join(_summary(one, x, y) for one in lines),
        x_label=x.label,
        y_label=y.label,
        x_ticks=[Tick(x_scale.place(value), x.text(value)) for value in x.ticks or x_scale.ticks()],
        y_ticks=[Tick(y_scale.place(value), y.text(value)) for value in y_scale.ticks()],
        strokes=[Stroke(one.name, _path(one, x_scale, y_scale), number % STYLES) for number, one in enumerate(lines)],
    )


def _values(series: Series) -> list[float]:
    return [value for _, value in series.points if value is not None]


def _y_scale(axis: Axis, values: list[float]) -> Scale:
    foot, head = HEIGHT - BOTTOM, TOP
    positive = [value for value in values if value > 0]
    if axis.is_log and positive:
        return logarithmic(min(positive), max(positive), foot, head)
    return linear(max(values), foot, head)


def _path(series: Series, x: Scale, y: Scale) -> str:
    parts: list[str] = []
    command = "M"
    for place, value in series.points:
        if value is None:
            command = "M"
        elif series.is_stems:
            parts += [f"M{x.place(place):g} {y.start:g}V{y.place(value):g}"] if value else []
        else:
            parts.append(f"{command}{x.place(place):g} {y.place(value):g}")
            command = "L"
    if len(parts) == 1 and not series.is_stems:
        parts.append("h2")  # a line of one point would not be seen
    return "".join(parts)


def _summary(series: Series, x: Axis, y: Axis) -> str:
    points = [(value, place) for place, value in series.points if value is not None]
    highest, at = max(points)
    lowest, _ = min(points)
    if series.is_stems:
        return f"{series.name}: {y.text(sum(value for value, _ in points))} in all, most at {x.text(at)}"
    return f"{series.name}: {y.text(lowest)} to {y.text(highest)}, highest at {x.text(at)}"

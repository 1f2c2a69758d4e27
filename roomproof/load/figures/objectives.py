"""Service level objectives: `deliver.p99<250ms`. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from roomproof.load.figures.metrics import Timing
from roomproof.load.figures.percentiles import QUANTILES
from roomproof.report.durations import UNITS, duration

TIMES = (Timing.DELIVER, Timing.CONNECT, Timing.JOIN, Timing.LAST_RECIPIENT, Timing.SPREAD)
"""Timings that objectives can name."""

AMOUNTS = {"rate": "deliveries a second", "sockets": "sockets open at once"}
"""Amounts that objectives can name, and their meaning."""

_SLO = re.compile(r"\s*([a-z_]+)(?:\.([a-z0-9]+))?\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*")


class ObjectiveError(Exception):
    """The text is no objective; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure and its bound, in microseconds where the figure is a time."""

    text: str
    figure: str
    sign: str
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Whether a value of the figure meets the objective."""
        match self.sign:
            case "<":
                return value < self.bound
            case "<=":
                return value <= self.bound
            case ">":
                return value > self.bound
            case _:
                return value >= self.bound

    @property
    def is_time(self) -> bool:
        """Whether the figure is a time."""
        return self.figure not in AMOUNTS


def parse(text: str) -> Objective:
    """Return the objective that a text states. Raises ObjectiveError."""
    match = _SLO.fullmatch(text)
    if match is None:
        raise ObjectiveError(f"expected an objective like deliver.p99<250ms or rate>1000, got {text!r}")
    name, quantile, sign, number, unit = match.groups()
    if name in AMOUNTS:
        if quantile or unit:
            raise ObjectiveError(f"expected {name} with a plain number, like {name}>1000, got {text!r}")
        return Objective(text.strip(), name, sign, float(number))
    if name not in TIMES:
        raise ObjectiveError(f"expected an objective about one of {', '.join((*TIMES, *AMOUNTS))}, got {text!r}")
    if quantile not in QUANTILES:
        raise ObjectiveError(f"expected {name} with one of {', '.join(QUANTILES)}, like {name}.p99<250ms, got {text!r}")
    if unit not in UNITS:
        raise ObjectiveError(f"expected a time in us, ms or s, like {name}.{quantile}<250ms, got {text!r}")
    return Objective(text.strip(), f"{name}.{quantile}", sign, float(number) * UNITS[unit])


def missed(objectives: list[Objective], figures: Mapping[str, float | None]) -> list[str]:
    """Return a sentence for each missed objective. Figures of times are microseconds."""
    sentences = []
    for objective in objectives:
        value = figures.get(objective.figure)
        if value is not None and not objective.is_met_by(value):
            measured = duration(value) if objective.is_time else f"{value:.6g}"
            sentences.append(f"{objective.text} is missed: {objective.figure} is {measured}")
    return sentences


def unmeasured(objectives: list[Objective], figures: Mapping[str, float | None]) -> list[str]:
    """Return a sentence for each objective without a figure."""
    return [
        f"nothing was measured for {objective.text}"
        for objective in objectives
        if figures.get(objective.figure) is None
    ]

"""Service level objectives as data: `deliver.p99<250ms`. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from roomproof.load.figures.metrics import Timing
from roomproof.load.figures.percentiles import QUANTILES
from roomproof.load.figures.wording import UNITS, duration

TIMES = (Timing.DELIVER, Timing.CONNECT, Timing.JOIN, Timing.LAST_RECIPIENT, Timing.SPREAD)
"""What is measured in time."""

AMOUNTS = {"rate": "deliveries a second", "sockets": "sockets open at once"}
"""What is counted."""

_SLO = re.compile(r"\s*([a-z_]+)(?:\.([a-z0-9]+))?\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*")


class ObjectiveError(Exception):
    """What was given is no objective; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective: the figure that it is about, and between which numbers that has to be (microseconds for times)."""

    text: str
    figure: str
    sign: str
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Whether a value is as it should be."""
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
        """Whether it is about a time."""
        return self.figure not in AMOUNTS


def parse(text: str) -> Objective:
    """Read an objective. Raises ObjectiveError."""
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
    """A sentence for each objective that the figures (times in microseconds) do not meet."""
    sentences = []
    for objective in objectives:
        value = figures.get(objective.figure)
        if value is not None and not objective.is_met_by(value):
            measured = duration(value) if objective.is_time else f"{value:.6g}"
            sentences.append(f"{objective.text} is missed: {objective.figure} is {measured}")
    return sentences


def unmeasured(objectives: list[Objective], figures: Mapping[str, float | None]) -> list[str]:
    """A sentence for each objective of which nobody knows whether it is met."""
    return [
        f"nothing was measured for {objective.text}"
        for objective in objectives
        if figures.get(objective.figure) is None
    ]

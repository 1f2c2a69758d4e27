"""Result files of the suite and of load runs, as they are read again. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Annotated, NoReturn

import msgspec

from roomproof.history import Event
from roomproof.printable import printable
from roomproof.report.result_file import FORMAT
from roomproof.spec.rules import Level, Protocol
from roomproof.verdict import Conclusion, Outcome, Standing

Amount = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
"""A number of things, or of microseconds: charts calculate with it, so that it has a bound."""

Figure = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
"""A measured number, with a bound for the same reason."""


class ResultError(Exception):
    """A file is no result file that this version can read.

    The message says what was expected and what came.
    """


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """A line of a result file. Keys that this version does not know are skipped."""


class RunLine(_Line, frozen=True, kw_only=True, tag="run"):
    """The first line: the run as it was started. Only load runs have a `seed`."""

    target: str
    tool: str = "roomproof"
    format: int = 1
    version: str = ""
    protocol: str = ""
    capabilities: list[str] = []
    started: str = ""
    partial: bool = False
    seed: str | None = None
    room_size: Amount = 0
    rate: Figure = 0.0
    message_bytes: Amount = 0
    slo: list[str] = []


class ScenarioLine(_Line, frozen=True, kw_only=True, tag="scenario"):
    """The outcome of one scenario."""

    id: str
    rules: list[str]
    outcome: Outcome
    seconds: Figure = 0.0
    detail: str = ""
    broken: list[str] = []
    follows_from: dict[str, str] = {}


class IntervalLine(_Line, frozen=True, kw_only=True, tag="interval"):
    """About one second of a load run.

    Times are in microseconds, and the lag is in milliseconds.
    """

    second: Amount
    sent: Amount = 0
    delivered: Amount = 0
    sockets: Amount = 0
    p50: Amount | None = None
    p99: Amount | None = None
    lag_ms: Figure = 0.0
    cpu: Figure | None = None
    findings: Amount | None = None
    """None in files of before this figure was written."""


class FindingLine(_Line, frozen=True, kw_only=True, tag="finding"):
    """A finding of a load run, with its witness."""

    finding: str
    rule: str
    receiver: int
    text: str
    detail: str = ""
    stream: int | None = None
    item: int | None = None
    witness: list[Event] = []


class _Summary(_Line, frozen=True, kw_only=True):
    """The figures of a load run, or of a step of it. Times are in microseconds."""

    counts: dict[str, Amount] = {}
    latency_us: dict[str, Amount | None] = {}
    times_us: dict[str, dict[str, Amount | None]] = {}
    rate: Figure | None = None
    sockets: Amount = 0
    rooms: Amount = 0
    instances: list[str] = []
    generator: dict[str, Figure | None] = {}
    histograms: dict[str, str] = {}


class StepLine(_Summary, frozen=True, kw_only=True, tag="step"):
    """A step of a search for the capacity."""

    users: Amount
    verdict: Conclusion
    reason: str


class RuleState(msgspec.Struct, frozen=True):
    """The level and the standing of a rule after a run."""

    level: Level
    outcome: Standing


class ExpressibleShare(msgspec.Struct, frozen=True):
    """How many MUSTs the dialect of a service can express."""

    dialect: str
    without: list[str]
    musts: int
    of: int


class Capacity(msgspec.Struct, frozen=True):
    """The result of a search for the capacity.

    `users` is the most users that were good, and `too_many` the fewest that were not.
    """

    users: int | None = None
    rate: Figure | None = None
    too_many: int | None = None


class VerdictLine(_Summary, frozen=True, kw_only=True, tag="verdict"):
    """The last line. Only load runs have the figures of a summary."""

    verdict: Conclusion
    reason: str
    partial: bool = False
    rules: dict[str, RuleState] = {}
    expressible: ExpressibleShare | None = None
    capacity: Capacity | None = None


LINES = (RunLine, ScenarioLine, IntervalLine, FindingLine, StepLine, VerdictLine)
"""The types of all lines."""

_TYPES = {line.__struct_config__.tag: line for line in LINES}


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A result file. `verdict` is None if the run was killed."""

    name: str
    run: RunLine
    scenarios: list[ScenarioLine] = field(default_factory=list)
    intervals: list[IntervalLine] = field(default_factory=list)
    findings: list[FindingLine] = field(default_factory=list)
    steps: list[StepLine] = field(default_factory=list)
    verdict: VerdictLine | None = None

    @property
    def is_load(self) -> bool:
        """Whether the run was a load run."""
        return self.run.seed is not None

    @property
    def is_partial(self) -> bool:
        """Whether the run judged only a part of the rules."""
        return self.verdict.partial if self.verdict else self.run.partial

    def broken_in(self, rule: str) -> list[ScenarioLine]:
        """Return the scenarios in which a rule was seen broken."""
        return [one for one in self.scenarios if rule in one.broken]

    def rules(self, protocol: Protocol) -> dict[str, RuleState]:
        """Return the state of each rule.

        Of a killed run only the broken rules are known.
        """
        if self.verdict is not None:
            return self.verdict.rules
        broken = [rule for one in self.scenarios for rule in one.broken] + [one.rule for one in self.findings]
        states = {}
        for rule in broken:
            level = protocol.rules[rule].level if rule in protocol.rules else Level.MUST
            states[rule] = RuleState(level, Standing.BROKEN if level is Level.MUST else Standing.WARNED)
        return states


def read_run(name: str, lines: Iterable[bytes]) -> SavedRun:
    """Return the run of a result file of this name.

    A last line that was cut off is left out: its run was killed. Raises ResultError.
    """
    saved: SavedRun | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = _read(line)
        except ValueError as error:  # of json, of msgspec, and of a text that is not UTF-8
            if saved is None:
                raise ResultError(f"expected a result file, got something else in line {number}") from error
            if not line.endswith(b"\n"):
                break
            raise ResultError(f"line {number} is no line of a result file: {printable(str(error))}") from error
        except RecursionError as error:
            raise ResultError(f"line {number} is no line of a result file: it is nested too deeply") from error
        if saved is None:
            saved = SavedRun(name, _first(read))
        elif read is not None:
            saved = _added(saved, read, number)
    if saved is None:
        raise ResultError("expected a result file, got an empty file")
    return saved


def _read(line: bytes) -> _Line | None:
    """Return a line by its kind; None for an unknown kind. Raises ValueError."""
    fields = json.loads(line, parse_constant=_refuse_constant)
    if not isinstance(fields, dict) or not isinstance(fields.get("kind"), str):
        raise ValueError("expected a JSON object with a kind")  # noqa: TRY004 the caller treats all bad lines alike
    if fields["kind"] == "started":
        raise ResultError("expected a result file, got a history: pass its folder with --histories")
    kind = _TYPES.get(fields["kind"])
    return None if kind is None else msgspec.convert(fields, kind)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"expected a number, got {name}")


def _first(line: _Line | None) -> RunLine:
    if not isinstance(line, RunLine):
        raise ResultError("expected a result file whose first line is about the run")
    if line.format > FORMAT:
        raise ResultError(
            f"this file has format {line.format}, expected {FORMAT} at most: "
            f"it was written by the newer version {printable(line.version)} of Roomproof"
        )
    return line


def _added(saved: SavedRun, line: _Line, number: int) -> SavedRun:
    """Add a line to a run. Raises ResultError for a second run in the same file."""
    match line:
        case ScenarioLine():
            saved.scenarios.append(line)
        case IntervalLine():
            saved.intervals.append(line)
        case FindingLine():
            saved.findings.append(line)
        case StepLine():
            saved.steps.append(line)
        case VerdictLine():
            return replace(saved, verdict=line)
        case _:
            raise ResultError(f"line {number}: expected one run in a file, got the first line of another")
    return saved

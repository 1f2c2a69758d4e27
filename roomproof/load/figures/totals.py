"""All beats of all workers, added up: the figures of a run. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from roomproof.judge.findings import Finding
from roomproof.judge.streaming.tally import KEPT_FINDINGS
from roomproof.load.figures.objectives import TIMES
from roomproof.load.figures.percentiles import Percentiles
from roomproof.load.figures.worker_report import WorkerReport

KEPT_REASONS = 10
"""So many different reasons of what was refused, and of what was unanswered, are kept."""

LEAST_MEASURED_S = 0.5
"""What happened in less time says nothing about a rate."""

ADDED = (
    "sent",
    "delivered",
    "late",
    "dropped",
    "blocked",
    "connected",
    "refused",
    "roomless",
    "uninvited",
    "unanswered",
    "untimed",
    "left",
    "died",
    "paused",
    "swamped",
)
"""The fields of beats that are added up."""


@dataclass(slots=True)
class IntervalTotals:
    """What happened between two looks of whoever writes the results."""

    sent: int = 0
    delivered: int = 0
    deliver: Counter[int] = field(default_factory=Counter)
    lag_ms: float = 0.0

    def clear(self) -> None:
        """Begin anew."""
        self.sent = self.delivered = 0
        self.lag_ms = 0.0
        self.deliver.clear()


@dataclass(slots=True)
class RunTotals:
    """The sum of a run. Times are those of the measured part, if there was one, else those of all."""

    totals: Counter[str] = field(default_factory=Counter)
    measured: Counter[str] = field(default_factory=Counter)
    measured_seconds: dict[str, float] = field(default_factory=dict)
    """By worker, without what came after everybody had fallen silent."""
    measured_deliveries: Counter[str] = field(default_factory=Counter)
    """In these seconds, by worker."""
    counts: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    late_broken: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    last: dict[str, WorkerReport] = field(default_factory=dict)
    """The last beat of each worker."""
    most_sockets: int = 0
    second: IntervalTotals = field(default_factory=IntervalTotals)
    _times: dict[str, Percentiles] = field(default_factory=lambda: {name: Percentiles() for name in (*TIMES, "leave")})
    _early_times: dict[str, Percentiles] = field(default_factory=lambda: {name: Percentiles() for name in TIMES})
    _kept: Counter[str] = field(default_factory=Counter)

    def add(self, beat: WorkerReport) -> None:
        """Take in what a worker tells."""
        self.last[beat.worker] = beat
        for name in ADDED:
            count = getattr(beat, name)
            self.totals[name] += count
            if beat.is_measured:
                self.measured[name] += count
        if beat.is_measured and not beat.is_silent:
            self.measured_seconds[beat.worker] = self.measured_seconds.get(beat.worker, 0.0) + beat.seconds
            self.measured_deliveries[beat.worker] += beat.delivered
        self.counts.update(beat.counts)
        self.broken.update(beat.broken)
        self.late_broken.update(beat.late_broken)
        self._keep(beat.findings)
        _add_new(beat.refusals, self.refusals)
        _add_new(beat.troubles, self.troubles)
        for name, counts in beat.times.items():
            # Connecting and joining is what ramping up is: it counts as soon as it happens.
            counts_always = name in {"connect", "join", "leave"}
            times = self._times if beat.is_measured or counts_always else self._early_times
            if name in times:
                times[name].add(counts)
        self.most_sockets = max(self.most_sockets, self.sockets)
        self._add_to_second(beat)

    def _keep(self, findings: list[Finding]) -> None:
        for finding in findings:
            self._kept[finding.kind] += 1
            if self._kept[finding.kind] <= KEPT_FINDINGS:
                self.findings.append(finding)

    def _add_to_second(self, beat: WorkerReport) -> None:
        second = self.second
        second.sent += beat.sent
        second.delivered += beat.delivered
        second.lag_ms = max(second.lag_ms, beat.lag_ms)
        if "deliver" in beat.times:
            second.deliver.update(beat.times["deliver"])

    def times(self, name: str) -> Percentiles:
        """The times of a name."""
        times = self._times[name]
        return times if times.count or name not in self._early_times else self._early_times[name]

    @property
    def strained(self) -> list[str]:
        """What may have made something late, because the generators did not keep up."""
        return sorted({reason for beat in self.last.values() for reason in (*beat.overloaded, *beat.strained)})

    @property
    def sockets(self) -> int:
        """Open now."""
        return sum(beat.sockets for beat in self.last.values())

    @property
    def rooms(self) -> int:
        """Made so far."""
        return sum(beat.rooms for beat in self.last.values())

    @property
    def crossing(self) -> int:
        """LoadRooms with members from several addresses on several instances."""
        return sum(beat.crossing for beat in self.last.values())

    @property
    def instances(self) -> list[str]:
        """Those that answered a handshake."""
        return sorted({instance for beat in self.last.values() for instance in beat.instances})

    @property
    def rate(self) -> float | None:
        """Deliveries a second in the measured part, which begins for each worker when its own users are in."""
        rates = [
            self.measured_deliveries[name] / seconds
            for name, seconds in self.measured_seconds.items()
            if seconds >= LEAST_MEASURED_S
        ]
        return sum(rates) if rates else None

    def figures(self) -> dict[str, float | None]:
        """What objectives can be about; times in microseconds."""
        figures: dict[str, float | None] = {"rate": self.rate, "sockets": self.most_sockets}
        for name in TIMES:
            figures |= {f"{name}.{quantile}": value for quantile, value in self.times(name).summary().items()}
        return figures

    def generator(self) -> dict[str, float | None]:
        """What the run cost the generator."""
        lags = [beat.lag_p99_ms for beat in self.last.values()]
        delivered = self.measured["delivered"]
        cpu = sum(beat.cpu_seconds for beat in self.last.values())
        grown = sum(beat.rss_grown for beat in self.last.values())
        return {
            "cpu_us_per_delivery": round(cpu / delivered * 1e6, 2) if delivered else None,
            "lag_ms_p99": round(max(lags), 2) if lags else None,
            "rss_bytes_per_socket": round(grown / self.most_sockets) if self.most_sockets else None,
        }


def _add_new(reasons: list[str], known: list[str]) -> None:
    known += [reason for reason in reasons if reason not in known][: KEPT_REASONS - len(known)]

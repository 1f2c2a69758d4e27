"""The figures of a run: all reports of all workers, added up. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.tally import KEPT_FINDINGS
from roomproof.load.figures.backlog import Backlog, sum_of
from roomproof.load.figures.metrics import SCRIPT_ERRORS, Count, Timing
from roomproof.load.figures.objectives import TIMES
from roomproof.load.figures.overload import OverloadReason
from roomproof.load.figures.percentiles import Percentiles
from roomproof.load.figures.worker_report import WorkerReport

KEPT_REASONS = 10
"""Different reasons of refusals, and of missing answers, that are kept."""

LEAST_MEASURED_S = 0.5
"""Seconds of measurement below which a worker has no rate."""

ALWAYS_MEASURED = frozenset({Timing.CONNECT, Timing.JOIN, Timing.LEAVE})
"""Timings that count in the ramp-up too, because the ramp-up consists of them."""


@dataclass(slots=True)
class IntervalTotals:
    """Counts and times between two lines of the result file."""

    sent: int = 0
    delivered: int = 0
    deliver: Counter[int] = field(default_factory=Counter)
    lag_ms: float = 0.0
    cpu: float = 0.0
    """The share of a core that the busiest worker used."""
    findings: int = 0

    def clear(self) -> None:
        """Begin a new interval."""
        self.sent = self.delivered = self.findings = 0
        self.lag_ms = self.cpu = 0.0
        self.deliver.clear()


@dataclass(slots=True)
class RunTotals:
    """The sum of all reports of a run.

    Times are those of the measured part if there is one, else those of the ramp-up.
    """

    counts: Counter[Count] = field(default_factory=Counter)
    measured: Counter[Count] = field(default_factory=Counter)
    """The counts of the measured part."""
    measured_seconds: dict[str, float] = field(default_factory=dict)
    """By worker, without the time after the last messages."""
    measured_deliveries: Counter[str] = field(default_factory=Counter)
    """Deliveries in these seconds, by worker."""
    findings_by_kind: Counter[Kind] = field(default_factory=Counter)
    safety_by_rule: Counter[str] = field(default_factory=Counter)
    liveness_by_rule: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    users: dict[int, str] = field(default_factory=dict)
    """The users of the receivers of these findings, by connection."""
    refusal_reasons: list[str] = field(default_factory=list)
    unanswered_reasons: list[str] = field(default_factory=list)
    local_reasons: list[str] = field(default_factory=list)
    dialect_troubles: int = 0
    """Number of times that the dialect did not fit the service."""
    dialect_reasons: list[str] = field(default_factory=list)
    script_reasons: dict[Count, list[str]] = field(default_factory=lambda: {count: [] for count in SCRIPT_ERRORS})
    """The first texts of each kind of error of the script."""
    last: dict[str, WorkerReport] = field(default_factory=dict)
    """The last report of each worker."""
    most_sockets: int = 0
    interval: IntervalTotals = field(default_factory=IntervalTotals)
    _times: dict[Timing, Percentiles] = field(
        default_factory=lambda: {timing: Percentiles() for timing in (*TIMES, Timing.LEAVE)}
    )
    _early_times: dict[Timing, Percentiles] = field(default_factory=lambda: {timing: Percentiles() for timing in TIMES})
    _kept: Counter[Kind] = field(default_factory=Counter)

    def add(self, report: WorkerReport) -> None:
        """Add a report."""
        self.last[report.worker] = report
        self.counts.update(report.counts)
        if report.is_measured:
            self.measured.update(report.counts)
        if report.is_measured and not report.have_senders_stopped:
            self.measured_seconds[report.worker] = self.measured_seconds.get(report.worker, 0.0) + report.seconds
            self.measured_deliveries[report.worker] += report.counts.get(Count.DELIVERED, 0)
        self.findings_by_kind.update(report.findings_by_kind)
        self.safety_by_rule.update(report.safety_by_rule)
        self.liveness_by_rule.update(report.liveness_by_rule)
        self._keep(report.findings)
        self.users |= report.users
        _add_new(report.refusal_reasons, self.refusal_reasons)
        _add_new(report.unanswered_reasons, self.unanswered_reasons)
        _add_new(report.local_reasons, self.local_reasons)
        self.dialect_troubles += report.dialect_troubles
        _add_new(report.dialect_reasons, self.dialect_reasons)
        for count, reasons in report.script_reasons.items():
            _add_new(reasons, self.script_reasons[count])
        for timing, histogram in report.times.items():
            times = self._times if report.is_measured or timing in ALWAYS_MEASURED else self._early_times
            if timing in times:
                times[timing].add(histogram)
        self.most_sockets = max(self.most_sockets, self.sockets)
        self._add_to_interval(report)

    def _keep(self, findings: list[Finding]) -> None:
        for finding in findings:
            self._kept[finding.kind] += 1
            if self._kept[finding.kind] <= KEPT_FINDINGS:
                self.findings.append(finding)

    def _add_to_interval(self, report: WorkerReport) -> None:
        interval = self.interval
        interval.sent += report.counts.get(Count.SENT, 0)
        interval.delivered += report.counts.get(Count.DELIVERED, 0)
        interval.lag_ms = max(interval.lag_ms, report.lag_ms)
        interval.cpu = max(interval.cpu, report.cpu)
        interval.findings += sum(report.findings_by_kind.values())
        interval.deliver.update(report.times.get(Timing.DELIVER, {}))

    def receiver_of(self, finding: Finding) -> str:
        """Return where a finding was made: `at user alice`.

        Returns its connection if the user is not known.
        """
        user = self.users.get(finding.receiver)
        return f"at connection {finding.receiver}" if user is None else f"at user {user}"

    def times(self, timing: Timing) -> Percentiles:
        """The times of the measured part, or those of the ramp-up if there are no others."""
        times = self._times[timing]
        return times if times.count or timing not in self._early_times else self._early_times[timing]

    @property
    def overload(self) -> set[OverloadReason]:
        """The reasons why the measured part is unreliable; empty if it is reliable."""
        return {reason for report in self.last.values() for reason in report.overload}

    @property
    def slowdowns(self) -> set[OverloadReason]:
        """The ways in which an overloaded generator can have delayed something."""
        return self.overload | {reason for report in self.last.values() for reason in report.slowdowns}

    @property
    def sockets(self) -> int:
        """Sockets open now."""
        return sum(report.sockets for report in self.last.values())

    @property
    def rooms(self) -> int:
        """Rooms made so far."""
        return sum(report.rooms for report in self.last.values())

    @property
    def backlog(self) -> Backlog:
        """Deliveries that are due now and have not arrived."""
        return sum_of(report.backlog for report in self.last.values())

    @property
    def due(self) -> int:
        """Deliveries that were due so far, whether they arrived or not."""
        return self.counts[Count.DELIVERED] + self.backlog.outstanding + self.findings_by_kind[Kind.LOST]

    @property
    def unreachable(self) -> str:
        """The reason why no worker has ever reached the server; empty if one has."""
        reasons = [report.unreachable for report in self.last.values()]
        return reasons[0] if reasons and all(reasons) else ""

    @property
    def spanning_rooms(self) -> int:
        """Rooms with members of several clients on several instances."""
        return sum(report.spanning_rooms for report in self.last.values())

    @property
    def instances(self) -> list[str]:
        """The instances that answered a handshake, sorted."""
        return sorted({instance for report in self.last.values() for instance in report.instances})

    @property
    def rate(self) -> float | None:
        """Deliveries a second in the measured part; None if it was too short.

        It begins for each worker when all of its own users are connected.
        """
        rates = [
            self.measured_deliveries[name] / seconds
            for name, seconds in self.measured_seconds.items()
            if seconds >= LEAST_MEASURED_S
        ]
        return sum(rates) if rates else None

    def figures(self) -> dict[str, float | None]:
        """Return the figures that objectives name, times in microseconds."""
        figures: dict[str, float | None] = {"rate": self.rate, "sockets": self.most_sockets}
        for timing in TIMES:
            figures |= {f"{timing}.{quantile}": value for quantile, value in self.times(timing).summary().items()}
        return figures

    def generator(self) -> dict[str, float | None]:
        """Return the cost of the run for the generator."""
        lags = [report.lag_p99_ms for report in self.last.values()]
        delivered = self.measured[Count.DELIVERED]
        cpu = sum(report.cpu_seconds for report in self.last.values())
        grown = sum(report.rss_grown for report in self.last.values())
        return {
            "cpu_us_per_delivery": round(cpu / delivered * 1e6, 2) if delivered else None,
            "lag_ms_p99": round(max(lags), 2) if lags else None,
            "rss_bytes_per_socket": round(grown / self.most_sockets) if self.most_sockets else None,
        }


def _add_new(reasons: list[str], known: list[str]) -> None:
    known += [reason for reason in reasons if reason not in known][: KEPT_REASONS - len(known)]

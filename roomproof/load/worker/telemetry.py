"""Collects counts, times and failures of one worker, and the load of its process."""

import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from roomproof.judge.classification import Violation
from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.metrics import REFUSALS, SCRIPT_ERRORS, Count, Timing
from roomproof.load.figures.overload import GeneratorLoad
from roomproof.load.figures.percentiles import Histogram, histogram_of
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.worker.backlog_watch import BacklogWatch
from roomproof.load.worker.health import Health
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.rooms import LoadRooms

if TYPE_CHECKING:
    from roomproof.load.worker.stats_table import StatsTable

EXPLAINED = (*REFUSALS, Count.UNANSWERED, Count.LOCAL_TROUBLE, *SCRIPT_ERRORS)
"""Failures that a report gives reasons for."""

REASONS_PER_REPORT = 5
"""Different reasons of each kind of failure that a report carries."""

KEPT_USERS = 50_000
"""Number of connections whose users are remembered."""


class Telemetry:
    """All that a worker reports; times and failures go to the table of Locust too."""

    def __init__(self, run: str, worker: str, rooms: LoadRooms, stats_table: "StatsTable") -> None:
        self._run, self._worker = run, worker
        self._rooms, self._stats_table = rooms, stats_table
        self._backlog = BacklogWatch(rooms.all, rooms.deadline)
        self.is_measured = False
        """Whether the ramp-up is over, so that times and the load of the process count."""
        self._health = Health()
        self._generator_load = GeneratorLoad()
        self._cpu_when_measured = 0.0
        self._counts: Counter[Count] = Counter()
        """Since the last report."""
        self._measured: Counter[Count] = Counter()
        """In all reports since the ramp-up."""
        self._reasons: dict[Count, list[str]] = {count: [] for count in EXPLAINED}
        """Reasons why handshakes and requests failed, since the last report."""
        self._times: dict[Timing, list[int]] = {Timing.CONNECT: [], Timing.SEND: [], Timing.LEAVE: []}
        """Nanoseconds, since the last report. The other timings are taken from the tally of the judge."""
        self._users: dict[int, str] = {}
        """The users of the last connections, by number: those of findings might have ended."""
        self._internal_errors: list[str] = []
        self._reported_kinds: Counter[Kind] = Counter()
        self._reported_violations: Counter[Violation] = Counter()
        self._reported_rules: Counter[tuple[str, bool]] = Counter()
        self._reported_findings = self._reported_troubles = 0
        self._last_report = time.monotonic()

    def start(self) -> None:
        """Start measuring the load of this process."""
        self._health.start()

    def stop(self) -> None:
        """Stop measuring the load of this process."""
        self._health.stop()

    def start_measuring(self) -> None:
        """Let times and the load of this process count from now on. Call `report` before."""
        self.is_measured = True
        self._generator_load.start_measuring()
        self._health.lag.clear()
        self._cpu_when_measured = self._health.cpu_used

    def note_user(self, number: int, user: str) -> None:
        """Remember the user of a connection, whom findings name."""
        self._users[number] = user
        if len(self._users) > KEPT_USERS:
            del self._users[next(iter(self._users))]

    def count(self, count: Count, number: int = 1) -> None:
        """Add to a counter."""
        self._counts[count] += number

    def add_failure(self, count: Count, reason: str) -> None:
        """Count a handshake, or a request for a room, that failed."""
        self._stats_table.add_failures(Timing.CONNECT, reason)
        self._count_with_reason(count, reason)

    def add_script_error(self, count: Count, reason: str) -> None:
        """Count an error of the script, which Locust has in its table already."""
        self._count_with_reason(count, reason)

    def _count_with_reason(self, count: Count, reason: str) -> None:
        self._counts[count] += 1
        reasons = self._reasons[count]
        if len(reasons) < REASONS_PER_REPORT and reason not in reasons:
            reasons.append(reason)

    def add_send(self, late: int) -> None:
        """Count a message that was sent, this many nanoseconds after its scheduled time."""
        self._counts[Count.SENT] += 1
        self._times[Timing.SEND].append(late)

    def add_time(self, timing: Timing, nanoseconds: int) -> None:
        """Add the duration of a handshake or of a closing handshake."""
        self._times[timing].append(nanoseconds)

    def note_internal_error(self, error: Exception) -> None:
        """Keep an error of the generator itself: its verdict cannot be relied on."""
        self._internal_errors.append(f"{type(error).__name__}: {error}")
        traceback.print_exception(error)

    def report(self, *, is_last: bool = False) -> WorkerReport:
        """Return everything since the last report, and start anew."""
        now = time.monotonic()
        report = WorkerReport(run=self._run, worker=self._worker, is_measured=self.is_measured, is_last=is_last)
        report.seconds, self._last_report = now - self._last_report, now
        self._count_tally()
        self._count_refusals()
        report.times = self._take_times()
        if self.is_measured:
            self._measured.update(self._counts)
        report.counts = dict(self._counts)
        self._counts.clear()
        self._add_reasons(report)
        self._add_findings(report)
        self._add_rooms(report, [room for room in self._rooms.all if not room.is_idle])
        if not is_last:
            report.backlog = self._backlog.look()
        self._add_health(report)
        return report

    def _count_tally(self) -> None:
        """Take over the counts of the judge."""
        tally = self._rooms.tally
        self._counts[Count.DELIVERED] = len(tally.delays)
        self._counts[Count.UNTIMED], tally.untimed = tally.untimed, 0
        self._counts[Count.BACKLOG_NOTICEABLE], tally.swamped = tally.swamped, 0

    def _count_refusals(self) -> None:
        """Count connections as refused that the server closed at once (REFUSE-1)."""
        for room in self._rooms.all:
            for reason in room.refusals:
                self.add_failure(Count.HANDSHAKES_REFUSED, reason)
                self._counts[Count.CONNECTED] -= 1
            room.refusals.clear()

    def _take_times(self) -> dict[Timing, Histogram]:
        tally = self._rooms.tally
        times = {**self._times, Timing.DELIVER: tally.delays, Timing.JOIN: tally.joins}
        times[Timing.LAST_RECIPIENT] = [message.last - message.scheduled for message in tally.spent]
        times[Timing.SPREAD] = [message.last - message.first for message in tally.spent]
        taken = {}
        for timing, nanoseconds in times.items():
            if nanoseconds:
                taken[timing] = histogram_of(nanoseconds)
                nanoseconds.clear()
                self._stats_table.add_times(timing, taken[timing])
        tally.spent.clear()
        return taken

    def _add_reasons(self, report: WorkerReport) -> None:
        report.refusal_reasons = [reason for count in REFUSALS for reason in self._reasons[count]]
        report.unanswered_reasons = self._reasons[Count.UNANSWERED]
        report.local_reasons = self._reasons[Count.LOCAL_TROUBLE]
        report.script_reasons = {count: self._reasons[count] for count in SCRIPT_ERRORS if self._reasons[count]}
        report.internal_errors = self._internal_errors[:REASONS_PER_REPORT]
        troubles = self._rooms.tally.troubles
        report.dialect_troubles, self._reported_troubles = troubles.count - self._reported_troubles, troubles.count
        report.dialect_reasons = list(troubles.texts)
        self._reasons = {count: [] for count in self._reasons}

    def _add_findings(self, report: WorkerReport) -> None:
        tally = self._rooms.tally
        report.findings_by_kind, self._reported_kinds = dict(tally.counts - self._reported_kinds), tally.counts.copy()
        for (rule, is_safety), count in (tally.rules - self._reported_rules).items():
            (report.safety_by_rule if is_safety else report.liveness_by_rule)[rule] = count
        self._reported_rules = tally.rules.copy()
        for violation, count in (tally.violations - self._reported_violations).items():
            self._stats_table.add_findings(violation, count)
        self._reported_violations = tally.violations.copy()
        report.findings = tally.findings[self._reported_findings :]
        self._reported_findings = len(tally.findings)
        report.users = self._users_of(report.findings)

    def _users_of(self, findings: list[Finding]) -> dict[int, str]:
        """The users of the receivers of findings, by connection."""
        receivers = {finding.receiver for finding in findings}
        if receivers <= self._users.keys():
            return {number: self._users[number] for number in receivers}
        users = self._users | {member.number: member.user for member in self._rooms.members()}
        return {number: user for number, user in users.items() if number in receivers}

    @staticmethod
    def _add_rooms(report: WorkerReport, rooms: list[LoadRoom]) -> None:
        report.sockets = sum(len(room.members) for room in rooms)
        report.rooms = len(rooms)
        report.spanning_rooms = sum(room.spans_instances for room in rooms)
        report.instances = sorted({instance for room in rooms for instance in room.instances} - {""})

    def _add_health(self, report: WorkerReport) -> None:
        health = self._health
        health.sample()
        self._generator_load.note(health.demand, health.worst_lag_ms)
        report.cpu, report.lag_ms = health.cpu, health.worst_lag_ms
        report.cpu_seconds = health.cpu_used - self._cpu_when_measured
        report.rss_grown = health.rss_grown
        report.lag_p99_ms = (health.lag.at(99) or 0) / 1_000
        sent, dropped = self._measured[Count.SENT], self._measured[Count.SENDS_DROPPED]
        report.overload = self._generator_load.overload(report.lag_p99_ms, sent, dropped)
        report.slowdowns = self._generator_load.slowdowns()

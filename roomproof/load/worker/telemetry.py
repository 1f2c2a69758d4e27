"""What one worker notes between two beats: counts, times, why something failed, and how it fares itself."""

import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from roomproof.judge.findings import Kind
from roomproof.load.figures.metrics import REFUSALS, Count, Timing
from roomproof.load.figures.overload import GeneratorLoad
from roomproof.load.figures.percentiles import Histogram, counted
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.worker.health import Health
from roomproof.load.worker.rooms import LoadRoom, LoadRooms

if TYPE_CHECKING:
    from roomproof.load.worker.stats_table import StatsTable

FIRST_REASONS = 5
"""So many reasons of failed handshakes are told with each beat."""


class Telemetry:
    """Notes what happens in the rooms of a worker. `table` shows Locust what happens."""

    def __init__(self, run: str, worker: str, rooms: LoadRooms, table: "StatsTable") -> None:
        self._run, self._worker = run, worker
        self._rooms, self._table = rooms, table
        self.is_measured = False
        self._health = Health()
        self._strain = GeneratorLoad()
        self._cpu_when_measured = 0.0
        self._counts: Counter[Count] = Counter()
        self._measured: Counter[Count] = Counter()
        self._reasons: dict[Count, list[str]] = {count: [] for count in (*REFUSALS, Count.UNANSWERED)}
        """Why handshakes, and requests for rooms, failed."""
        self._times: dict[Timing, list[int]] = {Timing.CONNECT: [], Timing.SEND: [], Timing.LEAVE: []}
        self._bugs: list[str] = []
        self._told: Counter[Kind] = Counter()
        self._told_rules: Counter[tuple[str, bool]] = Counter()
        self._told_findings = 0
        self._last_beat = time.monotonic()
        self._health.start()

    def stop(self) -> None:
        """Note no more."""
        self._health.stop()

    def begin_to_measure(self) -> None:
        """From now on times, and the health of this process, count. Call `beat` before."""
        self.is_measured = True
        self._strain.begin_to_measure()
        self._health.lag.clear()
        self._cpu_when_measured = self._health.cpu_used

    def count(self, count: Count, number: int = 1) -> None:
        """Add to a counter."""
        self._counts[count] += number

    def fail(self, count: Count, reason: str) -> None:
        """Count a handshake, or a request for a room, that failed."""
        self._counts[count] += 1
        self._table.fail(Timing.CONNECT, reason)
        reasons = self._reasons[count]
        if len(reasons) < FIRST_REASONS and reason not in reasons:
            reasons.append(reason)

    def sent(self, late: int) -> None:
        """A message was sent, so many nanoseconds after it was meant to be."""
        self._counts[Count.SENT] += 1
        self._times[Timing.SEND].append(late)

    def took(self, timing: Timing, nanoseconds: int) -> None:
        """A `connect` or a `leave` took so long."""
        self._times[timing].append(nanoseconds)

    def note_bug(self, error: Exception) -> None:
        """Something went wrong in the generator itself, so that its judgement cannot be relied on."""
        self._bugs.append(f"{type(error).__name__}: {error}")
        traceback.print_exception(error)

    def beat(self, *, is_last: bool = False) -> WorkerReport:
        """All since the last beat."""
        now = time.monotonic()
        tally = self._rooms.tally
        beat = WorkerReport(run=self._run, worker=self._worker, is_measured=self.is_measured, is_last=is_last)
        beat.seconds, self._last_beat = now - self._last_beat, now
        self._counts[Count.DELIVERED] = len(tally.delays)
        self._counts[Count.UNTIMED], tally.untimed = tally.untimed, 0
        self._counts[Count.BACKLOG_NOTICEABLE], tally.swamped = tally.swamped, 0
        self._count_refusals()
        beat.times = self._take_times()
        if self.is_measured:
            self._measured.update(self._counts)
        beat.counts = dict(self._counts)
        self._counts.clear()
        beat.refusals = [reason for kind in REFUSALS for reason in self._reasons[kind]]
        beat.troubles = self._reasons[Count.UNANSWERED]
        beat.bugs = self._bugs[:FIRST_REASONS]
        self._reasons = {count: [] for count in self._reasons}
        self._tell_findings(beat)
        self._tell_rooms(beat, self._rooms.all)
        self._tell_health(beat)
        return beat

    def _count_refusals(self) -> None:
        """Those who were let in only to be closed were refused (the second of the ways of REFUSE-1)."""
        for room in self._rooms.all:
            for reason in room.refusals:
                self.fail(Count.HANDSHAKES_REFUSED, reason)
                self._counts[Count.CONNECTED] -= 1
            room.refusals.clear()

    def _take_times(self) -> dict[Timing, Histogram]:
        tally = self._rooms.tally
        times = {**self._times, Timing.DELIVER: tally.delays, Timing.JOIN: tally.joins}
        times[Timing.LAST_RECIPIENT] = [one.last - one.meant for one in tally.spent]
        times[Timing.SPREAD] = [one.last - one.first for one in tally.spent]
        taken = {}
        for name, values in times.items():
            if values:
                taken[name] = counted(values)
                values.clear()
                self._table.show(name, taken[name])
        tally.spent.clear()
        return taken

    def _tell_findings(self, beat: WorkerReport) -> None:
        tally = self._rooms.tally
        beat.findings_by_kind, self._told = dict(tally.counts - self._told), tally.counts.copy()
        for (rule, is_fact), count in (tally.rules - self._told_rules).items():
            (beat.safety_by_rule if is_fact else beat.liveness_by_rule)[rule] = count
        self._told_rules = tally.rules.copy()
        beat.findings = tally.findings[self._told_findings :]
        self._told_findings = len(tally.findings)

    @staticmethod
    def _tell_rooms(beat: WorkerReport, rooms: list[LoadRoom]) -> None:
        beat.sockets = sum(len(room.members) for room in rooms)
        beat.rooms = len(rooms)
        beat.crossing = sum(room.is_crossing for room in rooms)
        beat.instances = sorted({instance for room in rooms for instance in room.instances} - {""})

    def _tell_health(self, beat: WorkerReport) -> None:
        health = self._health
        health.beat()
        self._strain.note(health.demand, health.worst_lag_ms)
        beat.cpu, beat.lag_ms = health.cpu, health.worst_lag_ms
        beat.cpu_seconds = health.cpu_used - self._cpu_when_measured
        beat.rss_grown = health.rss_grown
        beat.lag_p99_ms = (health.lag.at(99) or 0) / 1_000
        sent, dropped = self._measured[Count.SENT], self._measured[Count.SENDS_DROPPED]
        beat.overload = self._strain.overload(beat.lag_p99_ms, sent, dropped)
        beat.slowdowns = self._strain.slowdowns()

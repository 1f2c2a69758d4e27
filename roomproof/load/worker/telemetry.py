"""What one worker notes between two beats: counts, times, why something failed, and how it fares itself."""

import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from roomproof.load.figures.overload import GeneratorLoad
from roomproof.load.figures.percentiles import Counts, counted
from roomproof.load.figures.worker_report import REFUSALS, WorkerReport
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
        self._counts: Counter[str] = Counter()
        """By the name of the field of a beat."""
        self._measured: Counter[str] = Counter()
        self._reasons: dict[str, list[str]] = {kind: [] for kind in (*REFUSALS, "unanswered")}
        """Why handshakes, and requests for rooms, failed."""
        self._times: dict[str, list[int]] = {"connect": [], "send": [], "leave": []}
        self._bugs: list[str] = []
        self._told: Counter[str] = Counter()
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

    def count(self, field: str, number: int = 1) -> None:
        """Something happened that is counted in a field of the beats."""
        self._counts[field] += number

    def fail(self, field: str, reason: str) -> None:
        """A handshake, or a request for a room, failed."""
        self._counts[field] += 1
        self._table.fail("connect", reason)
        reasons = self._reasons[field]
        if len(reasons) < FIRST_REASONS and reason not in reasons:
            reasons.append(reason)

    def sent(self, late: int) -> None:
        """A message was sent, so many nanoseconds after it was meant to be."""
        self._counts["sent"] += 1
        self._times["send"].append(late)

    def took(self, what: str, nanoseconds: int) -> None:
        """A `connect` or a `leave` took so long."""
        self._times[what].append(nanoseconds)

    def note_bug(self, error: Exception) -> None:
        """Something went wrong in the generator itself, so that its judgement cannot be relied on."""
        self._bugs.append(f"{type(error).__name__}: {error}")
        traceback.print_exception(error)

    def beat(self, end: str = "") -> WorkerReport:
        """All since the last beat. `end` says why it is the last."""
        now = time.monotonic()
        tally = self._rooms.tally
        beat = WorkerReport(run=self._run, worker=self._worker, is_measured=self.is_measured, end=end)
        beat.seconds, self._last_beat = now - self._last_beat, now
        beat.delivered = len(tally.delays)
        self._counts["untimed"], tally.untimed = tally.untimed, 0
        self._counts["swamped"], tally.swamped = tally.swamped, 0
        self._count_refusals()
        beat.times = self._take_times()
        if self.is_measured:
            self._measured.update(self._counts)
        for field, count in self._counts.items():
            setattr(beat, field, count)
        self._counts.clear()
        beat.refusals = [reason for kind in REFUSALS for reason in self._reasons[kind]]
        beat.troubles = self._reasons["unanswered"]
        beat.bugs = self._bugs[:FIRST_REASONS]
        self._reasons = {field: [] for field in self._reasons}
        self._tell_findings(beat)
        self._tell_rooms(beat, self._rooms.all)
        self._tell_health(beat)
        return beat

    def _count_refusals(self) -> None:
        """Those who were let in only to be closed were refused (the second of the ways of REFUSE-1)."""
        for room in self._rooms.all:
            for reason in room.refusals:
                self.fail("refused", reason)
                self._counts["connected"] -= 1
            room.refusals.clear()

    def _take_times(self) -> dict[str, Counts]:
        tally = self._rooms.tally
        times = {**self._times, "deliver": tally.delays, "join": tally.joins}
        times["last_recipient"] = [one.last - one.meant for one in tally.spent]
        times["spread"] = [one.last - one.first for one in tally.spent]
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
        now = Counter({str(kind): count for kind, count in tally.counts.items()})
        beat.counts, self._told = dict(now - self._told), now
        for (rule, is_fact), count in (tally.rules - self._told_rules).items():
            (beat.broken if is_fact else beat.late_broken)[rule] = count
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
        beat.overloaded = self._strain.overloaded(beat.lag_p99_ms, self._measured["sent"], self._measured["dropped"])
        beat.strained = self._strain.strained()

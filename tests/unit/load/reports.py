"""Reports of workers for tests, and the totals of these reports."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.event import Event

from roomproof.client.target import Target
from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.overload import OverloadKind, OverloadReason
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.spec.rules import Capability

MS = 1_000
"""A millisecond, in microseconds."""

TARGET = Target("http://chat.test")

BUSY = OverloadReason(OverloadKind.BUSY_CORE, 5)
"""A core that was busy for five seconds."""


def report(worker: str = "w1", *, is_measured: bool = True, **fields: Any) -> WorkerReport:
    """Return a report of one second after the ramp-up; counters are given by name."""
    counts = {count: fields.pop(count) for count in Count if count in fields}
    return WorkerReport(run="r", worker=worker, is_measured=is_measured, counts=counts, **{"seconds": 1.0, **fields})


def totals(*reports: WorkerReport) -> RunTotals:
    """Return the totals of reports."""
    added = RunTotals()
    for each in reports:
        added.add(each)
    return added


def lost(receiver: int = 1) -> Finding:
    """Return a liveness finding: an item that was missing at the deadline."""
    return Finding(Kind.LOST, "DELIVER-1", receiver, "soup is lost")


def doubled(receiver: int = 1) -> Finding:
    """Return a safety finding."""
    return Finding(Kind.DUPLICATED, "DELIVER-3", receiver, "soup came twice")


def declaring(*capabilities: Capability) -> Target:
    """Return a target with capabilities."""
    return replace(TARGET, capabilities=dict.fromkeys(capabilities))


class Alarm:
    """Wakes a greenlet that sleeps for an interval, but only when the alarm is rung."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, interval: float) -> None:
        self._rung = Event()
        self._interval = interval
        monkeypatch.setattr(module, "gevent", SimpleNamespace(spawn=gevent.spawn, sleep=self._sleep))

    def _sleep(self, seconds: float) -> None:
        if seconds == self._interval:
            self._rung.wait()
            self._rung.clear()
        else:
            gevent.sleep(seconds)

    def ring_before(self, act: Callable[[], object]) -> None:
        """Wake the greenlet, and act before it runs; return when both are done."""
        gevent.sleep(0)  # now it sleeps
        self._rung.set()
        act()
        for _ in range(3):
            gevent.sleep(0)


CLEAN = report(
    sent=10,
    delivered=100,
    connected=20,
    sockets=20,
    rooms=2,
    are_all_texts_sent=True,
    times={Timing.DELIVER: {40 * MS: 100}},
)
"""The report of a run in which everything went well."""

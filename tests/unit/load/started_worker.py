"""What workers tell in tests: reports of one run, the totals that they add up to, and whom they are about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
from gevent import monkey

from roomproof.client.target import Target
from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.overload import OverloadKind, OverloadReason
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.spec.rules import Capability

MS = 1_000
"""In microseconds."""

TARGET = Target("http://chat.test")

BUSY = OverloadReason(OverloadKind.BUSY_CORE, 5)
"""A core that was busy for five seconds."""


def report(worker: str = "w1", *, is_measured: bool = True, **fields: Any) -> WorkerReport:
    """A report after the ramp-up, of a second unless it says otherwise. Counters are given by their names."""
    counts = {count: fields.pop(count) for count in Count if count in fields}
    return WorkerReport(run="r", worker=worker, is_measured=is_measured, counts=counts, **{"seconds": 1.0, **fields})


def totals(*reports: WorkerReport) -> RunTotals:
    """All of them added up."""
    added = RunTotals()
    for one in reports:
        added.add(one)
    return added


def lost(receiver: int = 1) -> Finding:
    """Something that was missing at the deadline."""
    return Finding(Kind.LOST, "DELIVER-1", receiver, "soup is lost")


def doubled(receiver: int = 1) -> Finding:
    """A fact."""
    return Finding(Kind.DUPLICATED, "DELIVER-3", receiver, "soup came twice")


def declaring(*capabilities: Capability) -> Target:
    """A target with capabilities."""
    return replace(TARGET, capabilities=dict.fromkeys(capabilities))


def due_just_before_another(act: Callable[[], object]) -> None:
    """Do something when a busy loop looks at its timers, just before what is due a tenth of a second from now."""
    gevent.sleep(0)
    acting = gevent.spawn_later(0.08, act)
    gevent.spawn_later(0.05, monkey.get_original("time", "sleep"), 0.1)
    acting.get()
    gevent.sleep(0.05)


CLEAN = report(sent=10, delivered=100, connected=20, sockets=20, rooms=2, times={Timing.DELIVER: {40 * MS: 100}})
"""Of a run in which everything went well."""

"""A load run from its start to its verdict: adds up what the workers report."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gevent

from roomproof.load.controller.results import LoadResults, text_of
from roomproof.load.figures import objectives
from roomproof.load.figures.backlog import overdue_text
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.verdict import RunContext, verdict_of
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import LoadOptions
from roomproof.report.terminal import show
from roomproof.spec.rules import read_protocol
from roomproof.verdict import Conclusion, Verdict

INTERVAL_S = 1.0
"""Seconds between two lines of the result file."""

ALONE_S = 3.0
"""A worker that ends on its own more than these seconds before the run ends counts as lost."""


class LoadRun:
    """A run; `workers` take part from its start. `start_run` makes and starts one."""

    def __init__(
        self,
        name: str,
        options: LoadOptions,
        workers: set[str],
        results: LoadResults | None,
        show: Callable[[str], None],
    ) -> None:
        self.name = name
        self.options = options
        self.totals = RunTotals()
        self.workers = set(workers)
        self.verdict: Verdict | None = None
        self._ended_alone: dict[str, float] = {}
        self._ending_since: float | None = None
        self._users, self._is_spawning = 0, False
        self._protocol = read_protocol()
        self._results = results
        self._show = show
        self._intervals = 0
        self._writer: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Write the first line of the result file, and from now on one for each interval."""
        if self._results:
            self._results.run(self._protocol, self.options)
        self._writer = gevent.spawn(self._write_intervals)

    def add_report(self, report: WorkerReport) -> None:
        """Add a report, unless it belongs to another run or comes after the verdict."""
        if report.run != self.name or self.verdict is not None:
            return
        self.workers.add(report.worker)
        self.totals.add(report)
        if report.is_last and self._ending_since is None:
            self._ended_alone[report.worker] = time.monotonic()

    def begin_ending(self, users: int = 0, *, is_spawning: bool = False) -> None:
        """Expect workers to end from now on.

        `users` had to connect, 0 if a part of them is enough; `is_spawning` says whether some were still to be started.
        """
        if self._ending_since is None:
            self._ending_since = time.monotonic()
            self._users, self._is_spawning = users, is_spawning

    @property
    def is_ending(self) -> bool:
        """Whether the end of the run has begun."""
        return self._ending_since is not None

    def findings_so_far(self) -> str:
        """Return the counts of findings, and what is overdue, in one sentence."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.totals.findings_by_kind.items()) if count)
        overdue = overdue_text(self.totals.backlog)
        if kinds:
            return f"found so far: {kinds}; {overdue}" if overdue else f"found so far: {kinds}"
        rest = f", but {overdue}" if overdue else "; what does not arrive is counted at the end"
        return f"no findings so far{rest}"

    def missing_workers(self, present: set[str]) -> set[str]:
        """Return the workers, out of those present, that have not sent their last report."""
        return (self.workers - self.reported) & present

    @property
    def reported(self) -> set[str]:
        """The workers that have sent their last report."""
        return {worker for worker, report in self.totals.last.items() if report.is_last}

    def conclude(self, trouble: str = "") -> Verdict:
        """Give the verdict, write it and print it; later calls return the same verdict.

        `trouble` says why the run cannot be relied on; empty if it can.
        """
        if self.verdict is not None:
            return self.verdict
        if self._writer is not None:
            self._writer.kill(block=False)
        lost = () if trouble else tuple(f"worker {worker}" for worker in sorted(self._lost_workers()))
        context = RunContext(lost, trouble, self._users, self._is_spawning)
        asked = self.options.objectives
        # Reports that arrive while the verdict is written must find that there is one.
        self.verdict = verdict_of(self.totals, self._protocol, self.options.target, asked, context)
        self.verdict = self._written(self.verdict)
        self._show(text_of(self.verdict, self.totals, objectives.missed(asked, self.totals.figures())))
        return self.verdict

    def _lost_workers(self) -> set[str]:
        """The workers without a last report, and those that ended long before the others."""
        end = self._ending_since or time.monotonic()
        alone = {worker for worker, at in self._ended_alone.items() if end - at > ALONE_S}
        return (self.workers - self.reported) | alone

    def _written(self, verdict: Verdict) -> Verdict:
        """Write the verdict and return it; incomplete results make it inconclusive."""
        if self._results:
            self._results.interval(self.totals, self._intervals + 1)
            self._results.findings(self.totals.findings)
            self._results.verdict(verdict, self._protocol, self.totals)
            if self._results.trouble and verdict.conclusion is Conclusion.VALID:
                return replace(verdict, conclusion=Conclusion.INCONCLUSIVE, reason=self._results.trouble)
        return verdict

    def _write_intervals(self) -> None:
        gevent.sleep(INTERVAL_S)
        while self.verdict is None:  # a killed greenlet might still be woken
            self._intervals += 1
            if self._results:
                self._results.interval(self.totals, self._intervals)
            self.totals.interval.clear()
            gevent.sleep(INTERVAL_S)


def start_run(
    name: str, options: LoadOptions, workers: set[str], path: Path | None, show: Callable[[str], None] = show
) -> LoadRun:
    """Start a run that writes its results to `path`, if there is one.

    It prints its verdict with `show`.

    Raises UsageError if the file cannot be written.
    """
    run = LoadRun(name, options, workers, LoadResults.create(path) if path else None, show)
    run.start()
    return run


def results_of(path: Path | None, number: int, *, of_step: bool = False) -> Path | None:
    """Return the path of the results of a run.

    The first run gets `path` itself; later runs, and steps of a search, get a file beside it.
    """
    if path is None:
        return None
    if of_step:
        return path.with_name(f"{path.stem}-step-{number}{path.suffix}")
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")

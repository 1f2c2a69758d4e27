"""One press of Start, from its first report to its verdict: the side that adds up."""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import gevent

from roomproof.load.controller.results import LoadResults, text_of
from roomproof.load.figures import objectives
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.verdict import RunContext, verdict_of
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import LoadOptions
from roomproof.report.terminal import show
from roomproof.spec.rules import load
from roomproof.verdict import Conclusion, Verdict

INTERVAL_S = 1.0
"""So often a line is written."""

ALONE_S = 3.0
"""A worker that ends by itself so long before the others is lost to the run."""


class LoadRun:
    """What is known of one run. `workers` take part in it from the start."""

    def __init__(self, name: str, options: LoadOptions, workers: set[str], results: Path | None) -> None:
        self.name = name
        self.options = options
        self.totals = RunTotals()
        self.workers = set(workers)
        self.verdict: Verdict | None = None
        self._ended_alone: dict[str, float] = {}
        self._ending_since: float | None = None
        self._protocol = load()
        self._results = LoadResults.create(results) if results else None
        if self._results:
            self._results.run(self._protocol, options)
        self._writer = gevent.spawn(self._write_intervals)

    def add_report(self, report: WorkerReport) -> None:
        """Take in what a worker tells."""
        if report.run != self.name or self.verdict is not None:
            return
        self.workers.add(report.worker)
        self.totals.add(report)
        if report.is_last and self._ending_since is None:
            self._ended_alone[report.worker] = time.monotonic()

    def begin_ending(self) -> None:
        """From now on workers are expected to end."""
        if self._ending_since is None:
            self._ending_since = time.monotonic()

    @property
    def is_ending(self) -> bool:
        """Whether its end has begun."""
        return self._ending_since is not None

    def findings_so_far(self) -> str:
        """What can be said while it goes on."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.totals.findings_by_kind.items()) if count)
        return f"found so far: {kinds}" if kinds else "nothing wrong so far"

    def missing_workers(self, present: set[str]) -> set[str]:
        """The workers that have not told their last, out of those that are still there."""
        return (self.workers - self.reported) & present

    @property
    def reported(self) -> set[str]:
        """Workers that have told their last."""
        return {worker for worker, report in self.totals.last.items() if report.is_last}

    def conclude(self, trouble: str = "") -> Verdict:
        """The verdict, which is written and printed."""
        if self.verdict is not None:
            return self.verdict
        self._writer.kill(block=False)
        now = self._ending_since or time.monotonic()
        alone = {worker for worker, at in self._ended_alone.items() if now - at > ALONE_S}
        lost = () if trouble else tuple(sorted((self.workers - self.reported) | alone))
        context = RunContext(tuple(f"worker {worker}" for worker in lost), trouble)
        options = self.options
        verdict = verdict_of(self.totals, self._protocol, options.target, options.objectives, context)
        self.verdict = verdict
        self.verdict = self._written(verdict)
        missed = objectives.missed(self.options.objectives, self.totals.figures())
        show(text_of(self.verdict, self.totals, missed))
        return self.verdict

    def _written(self, verdict: Verdict) -> Verdict:
        """The verdict, once it is written: without all of its results, a run is not called valid."""
        if self._results:
            self._results.interval(self.totals, self._second + 1)
            self._results.findings(self.totals.findings)
            self._results.verdict(verdict, self._protocol, self.totals)
            if self._results.trouble and verdict.conclusion is Conclusion.VALID:
                return replace(verdict, conclusion=Conclusion.INCONCLUSIVE, reason=self._results.trouble)
        return verdict

    _second = 0

    def _write_intervals(self) -> None:
        gevent.sleep(INTERVAL_S)
        while self.verdict is None:  # whoever is to be killed may still be woken
            self._second += 1
            if self._results:
                self._results.interval(self.totals, self._second)
            self.totals.interval.clear()
            gevent.sleep(INTERVAL_S)


def results_of(parsed: argparse.Namespace, number: int, *, of_step: bool = False) -> Path | None:
    """Where results go: the first start of a process gets the file that was asked for, steps get one beside it."""
    asked = str(parsed.results) if parsed.results else ""
    if not asked:
        return None
    path = Path(asked)
    if of_step:
        return path.with_name(f"{path.stem}-step-{number}{path.suffix}")
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")

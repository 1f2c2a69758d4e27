"""The pytest plugin that looks at what the last scenario of a process leaves."""

import math
import os
from collections.abc import Generator, Sequence

import pytest

from roomproof.client.standstill import Standstill
from roomproof.history import Event
from roomproof.judge.findings import Finding
from roomproof.judge.root_cause import attribute
from roomproof.report.failure_text import failure_text, finding_line
from roomproof.spec.rules import Capability
from roomproof.stage.idle_pair import IdlePair
from roomproof.suite.declared_target import DeclaredTarget
from roomproof.suite.deviations import Deviation
from roomproof.suite.disturbance import why_disturbed
from roomproof.suite.leftovers import LEFTOVERS_KEY
from roomproof.suite.rerun_command import rerun_command
from roomproof.suite.scenario_item import scenario_id
from roomproof.suite.scenario_report import REPORT_KEY, ScenarioReport
from roomproof.verdict import Outcome

END = "the end of the run"
"""The name under which the end of a run is reported."""

IDLE_PAIR_KEY = pytest.StashKey[IdlePair | None]()
"""The key under which the configuration keeps the idle pair of this process."""

END_KEY = pytest.StashKey[ScenarioReport]()
"""The key under which the last item of a process keeps the report on the end of the run."""


class EndOfRunError(AssertionError):
    """The end of a run shows that the server broke a MUST, or cannot tell."""


class EndPlugin:
    """The plugin that is active in every process that runs scenarios."""

    def __init__(
        self, config: pytest.Config, deviations: Sequence[Deviation], target: DeclaredTarget, standstill: Standstill
    ) -> None:
        self._config = config
        self._deviations = deviations
        self._target = target
        self._standstill = standstill
        self._was_pair_open = False
        """Whether the idle pair was connected when the current scenario began."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """After the last scenario, look at the idle pair and at the statistics.

        That happens before anything is torn down.
        """
        report = item.stash.get(REPORT_KEY, None)
        if nextitem is None and report is not None and not report.target_is_gone:
            item.stash[END_KEY] = self._look(item)
        result = yield
        end = item.stash.get(END_KEY, None)
        if end is not None and (end.broken or end.trouble):
            raise EndOfRunError(f"at the end of the run: {end.detail}")
        return result

    def _look(self, item: pytest.Item) -> ScenarioReport:
        report = ScenarioReport(())
        pair, leftovers = self._config.stash.get(IDLE_PAIR_KEY, None), self._config.stash.get(LEFTOVERS_KEY, None)
        again, seconds = scenario_id(item.nodeid), 0.0
        findings: list[Finding] = []
        events: list[Event] = []
        if pair:
            pair.sit(self._config.option.roomproof_idle)
            pair.fall_silent()
            seconds = pair.seconds
            if observation := pair.shut_out():
                report.add("CLOSE-1", observation)
            findings, events = pair.finish()
            heartbeat = self._target.capabilities.get(Capability.HEARTBEAT)
            if disturbed := why_disturbed(findings, events, heartbeat, self._standstill.longest(pair.since)):
                report.trouble = f"the people who say nothing were disturbed: {disturbed}"
                findings = []
            for cause in attribute(None, findings):
                if cause.finding:
                    report.add(cause.rule, finding_line(cause.finding, events), root=cause.root)
        if leftovers:
            if pair:
                leftovers.note("the idle pair", [room.id for room in pair.stage.rooms])
            for rule, observation in leftovers.at_the_end():
                report.add(rule, observation)
        report.set_apart(lambda rule: any(deviation.covers(rule, _name()) for deviation in self._deviations))
        report.detail = report.summary() or report.trouble
        if report.broken:
            idle = math.ceil(seconds) if "CLOSE-1" in report.broken else 0
            report.explanation = failure_text(
                report.broken, findings, events, rerun_command(self._config, again, idle=idle)
            )
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the report on the end of the run to pytest's report of the last teardown."""
        report = yield
        if report.when != "teardown":
            self._excuse_pair(report)
            return report
        end = item.stash.get(END_KEY, None)
        if end is None or not (end.broken or end.deviating or end.trouble):
            return report
        if end.explanation:
            report.longrepr = end.detail
            report.sections.append(("roomproof", end.explanation))
        outcome = Outcome.FAILED if end.broken or end.trouble else Outcome.DEVIATING
        report.__dict__["roomproof"] = end.plain(outcome) | {"id": _name()}
        return report

    def _excuse_pair(self, report: pytest.TestReport) -> None:
        """Excuse the idle pair if its links end in a scenario that fails.

        A server that dies is told once.
        """
        pair = self._config.stash.get(IDLE_PAIR_KEY, None)
        if pair is None:
            return
        if report.failed and self._was_pair_open and pair.was_cut:
            pair.is_excused = True
        self._was_pair_open = pair.is_open


def _name() -> str:
    """The name under which this process reports the end of the run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    return f"{END} on {worker}" if worker else END

"""The pytest plugin that collects results and gives the verdict.

It runs in the controlling process, and writes the result file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from roomproof.client.http import Http
from roomproof.client.target import Target, UsageError
from roomproof.printable import counted, printable
from roomproof.report.broken_rules import Failure
from roomproof.report.result_file import ResultFile
from roomproof.spec.rules import read_protocol
from roomproof.stage.stage import Stage
from roomproof.suite.declared_target import DeclaredTarget
from roomproof.suite.deviations import Deviation, check_collected, stale_deviations
from roomproof.suite.end_plugin import END
from roomproof.suite.interrupts import ignore_interrupts
from roomproof.suite.leftovers import Leftovers
from roomproof.suite.preflight import run_preflight
from roomproof.suite.scenario_item import rules_of, scenario_id
from roomproof.suite.topology_plugin import TopologyPlugin
from roomproof.suite.waiting import wait_for
from roomproof.topologies.topology import TopologyError
from roomproof.verdict import Conclusion, Outcome, ScenarioResult, Verdict, conclude


class SessionPlugin:
    """The plugin that sums up a run.

    - `_verdict` is set once, and is the last line of the result file.
    - An interrupted run gets no verdict.
    - The run is partial as soon as any scenario is left out by hand.
    """

    def __init__(
        self,
        target: Target | None,
        declared: DeclaredTarget,
        topology: TopologyPlugin | None,
        deviations: Sequence[Deviation],
        file: ResultFile | None,
        *,
        partial: bool,
        shares_target: bool,
        wait_s: float,
    ) -> None:
        """`target` is the one of `--target`, if given; `file` already has its first line.

        The target has `wait_s` seconds to begin to answer.

        `shares_target`: several workers use one target, and none of them knows its exact total.
        """
        self._target = target
        self._declared = declared
        self._topology = topology
        self._deviations = deviations
        self._file = file
        self._partial = partial
        self._results: dict[str, ScenarioResult] = {}
        self.troubles: list[str] = []
        """Why the run is not reliable."""
        self.failures: list[Failure] = []
        """The scenarios that broke rules, in the order of their ends."""
        self._deselected: dict[str, tuple[str, ...]] = {}
        self._interrupted = False
        self._shares_target = shares_target
        self._wait_s = wait_s
        self._leftovers: Leftovers | None = None
        self._remarks: tuple[str, ...] = ()
        """Circumstances that the verdict names."""
        self._verdict: Verdict | None = None

    @property
    def results(self) -> list[ScenarioResult]:
        """The results so far."""
        return list(self._results.values())

    @property
    def standing_verdict(self) -> Verdict | None:
        """The verdict, or what stands so far in a run that was interrupted."""
        if self._verdict is not None or not self._interrupted:
            return self._verdict
        reason = f"interrupted after {counted(len(self._results), 'scenario')}"
        return replace(self._conclude(), conclusion=Conclusion.INCONCLUSIVE, reason=reason, partial=True)

    def pytest_report_header(self) -> str:
        """Name the target and what it declares."""
        capabilities = ", ".join(self._declared.capability_names) or "nothing"
        return f"roomproof: protocol {read_protocol().version}, target: {self._declared.name}, declares: {capabilities}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Start the topology if one is asked for, and run the preflight.

        The run ends if nothing works on the target.
        """
        target = self._target
        if self._topology:
            try:
                target = self._topology.start()
            except TopologyError as error:
                self._give_up(str(error))
        if target is None:
            return
        if target.exclusive and not target.has_instances and self._shares_target:
            stage = Stage.open(target, Http(target), server_ahead=0, known_ids=set())
            self._leftovers = Leftovers(stage)
        if self._wait_s:
            wait_for(target, self._wait_s)
        try:
            preflight = run_preflight(target)
        except UsageError as error:
            raise pytest.UsageError(f"roomproof: {error}") from error
        if not preflight.is_fit:
            self._give_up(preflight.reason, preflight.broken)
        if target.deflate:
            self._remarks = (_about_compression(preflight.compression),)

    def _give_up(self, trouble: str, broken: Mapping[str, str] | None = None) -> NoReturn:
        self.troubles.append(trouble)
        if broken:
            self.failures.append(Failure("the first look", (), {rule: [one] for rule, one in broken.items()}, trouble))
        verdict = self._write(self._conclude(broken=tuple(broken or ())))
        pytest.exit("no scenario was run; the verdict says why", returncode=verdict.exit_code)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of a scenario."""
        scenario: dict[str, Any] | None = getattr(report, "roomproof", None)
        name = scenario_id(report.nodeid)
        if scenario is None:
            if report.failed:
                self.troubles.append(f"internal error in {name}: {_last_line(report)}")
            return
        name = scenario.get("id", name)
        result = ScenarioResult(
            name,
            tuple(scenario["rules"]),
            Outcome(scenario["outcome"]),
            report.duration,
            scenario["detail"],
            tuple(scenario["held"]),
            tuple(scenario["broken"]),
            tuple(scenario["deviating"]),
            tuple(scenario["untested"]),
            scenario["consequences"],
        )
        known = self._results.get(name)
        if scenario["observations"]:
            failure = Failure(name, result.rules, scenario["observations"], _failure_text(report) or result.detail)
            self.failures = [*(one for one in self.failures if one.scenario != name), failure]
        if known is not None and known.outcome is Outcome.FAILED:
            return  # a further try of a scenario that failed
        if scenario["trouble"]:
            self.troubles.append(scenario["trouble"])
        self._add(result)

    def _add(self, result: ScenarioResult) -> None:
        self._results[result.id] = result
        try:
            if self._file:
                self._file.scenario(result)
        except OSError as error:
            self._lose_file(error)

    def _lose_file(self, error: OSError) -> None:
        """Go on without the result file.

        This is trouble, because the run was asked for the file.
        """
        self._file = None
        self.troubles.append(f"cannot write the result file: {error.strerror}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep as trouble that a file of scenarios cannot be collected."""
        if report.failed:
            self.troubles.append(f"cannot collect {report.nodeid}: {_last_line(report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Refuse deviations of unknown scenarios, before any is deselected."""
        self._check_deviations([item.nodeid for item in items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Refuse deviations of unknown scenarios.

        Under xdist the workers collect, and report the selected scenarios.
        """
        if not self._partial:
            self._check_deviations(ids)

    def _check_deviations(self, nodeids: Sequence[str]) -> None:
        try:
            check_collected(self._deviations, {scenario_id(nodeid) for nodeid in nodeids})
        except UsageError as error:
            raise pytest.UsageError(f"roomproof: {error}") from error

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Keep which scenarios were deselected on the command line."""
        for item in items:
            self._deselected[scenario_id(item.nodeid)] = rules_of(item)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Keep the scenarios that a worker of xdist deselected.

        Under xdist the workers select.
        """
        for name, rules in getattr(node, "workeroutput", {}).get("roomproof_deselected", {}).items():
            self._deselected[name] = tuple(rules)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep that the user interrupted the run, which then gets no verdict."""
        self._interrupted |= excinfo.type is KeyboardInterrupt

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep an error of pytest or a plugin as trouble: the run becomes inconclusive."""
        self.troubles.append(f"internal error: {str(excrepr).strip().splitlines()[-1]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Give the verdict, and make its exit code that of pytest."""
        ignore_interrupts()
        if self._interrupted or self._verdict is not None or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        self._look_for_leftovers()
        for name, rules in self._deselected.items():
            self._add(ScenarioResult(name, rules, Outcome.NOT_RUN, detail="deselected on the command line"))
        self._partial |= bool(self._deselected)
        verdict = self._write(self._conclude())
        session.exitstatus = verdict.exit_code

    def _look_for_leftovers(self) -> None:
        """Look whether the total of members is back, once all workers have ended."""
        for rule, observation in self._leftovers.at_the_end() if self._leftovers else ():
            is_known = any(deviation.covers(rule, END) for deviation in self._deviations)
            outcome = Outcome.DEVIATING if is_known else Outcome.FAILED
            broken, deviating = ((), (rule,)) if is_known else ((rule,), ())
            detail = f"{rule}: {observation}"
            if not is_known:
                self.failures.append(Failure(END, (), {rule: [observation]}, detail))
            self._add(ScenarioResult(END, (), outcome, detail=detail, broken=broken, deviating=deviating))

    def _conclude(self, broken: Sequence[str] = ()) -> Verdict:
        results = list(self._results.values())
        return conclude(
            read_protocol(),
            [result for result in results if result.outcome is not Outcome.NOT_RUN],
            self._declared.capabilities,
            partial=self._partial,
            trouble=self.troubles[0] if self.troubles else None,
            broken=broken,
            without=self._declared.without,
            dialect=self._declared.dialect,
            remarks=self._remarks,
            complaints=stale_deviations(self._deviations, read_protocol().rules, results, partial=self._partial),
        )

    def _write(self, verdict: Verdict) -> Verdict:
        """Write the verdict, and return it as it is after that."""
        self._verdict = verdict
        try:
            if self._file:
                self._file.verdict(verdict, read_protocol())
        except OSError as error:
            self._lose_file(error)
            self._verdict = self._conclude()
        return self._verdict


def _about_compression(answer: str | None) -> str:
    """Return what the verdict says of compression that was offered."""
    if answer is None:
        return "the server declined compression, so nothing was compressed"
    return f"messages were compressed ({printable(answer)})"


def _failure_text(report: pytest.TestReport) -> str:
    """The failure text of a report, and the logs of the parts of a topology."""
    parts = [(name, text) for name, text in report.sections if not name.startswith("Captured ")]
    return "\n".join(f"\n{name}:\n{text}" if name.startswith("log of ") else text for name, text in parts)


def _last_line(report: pytest.CollectReport | pytest.TestReport) -> str:
    lines = report.longreprtext.strip().splitlines()
    return lines[-1] if lines else "no reason given"

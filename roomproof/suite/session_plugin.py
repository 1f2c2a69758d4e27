"""Collects the endings of all scenarios, in the controlling process; writes the result file and gives the verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from roomproof.client.target import Target
from roomproof.report.result_file import ResultFile
from roomproof.spec.rules import load
from roomproof.suite.declared_target import describe_target
from roomproof.suite.deviations import Deviation, Played, stale
from roomproof.suite.preflight import check
from roomproof.suite.scenario_plugin import rules_of, scenario_id
from roomproof.suite.topology_plugin import TopologyPlugin
from roomproof.topologies.topology import TopologyError
from roomproof.verdict import Conclusion, Outcome, ScenarioResult, Standing, Verdict, conclude


class SessionPlugin:
    """The pytest plugin that sums up a run."""

    def __init__(
        self,
        config: pytest.Config,
        declared: Target | None,
        host: TopologyPlugin | None,
        deviations: Sequence[Deviation],
        *,
        narrowed: bool,
    ) -> None:
        self._deviations = list(deviations)
        self._declared = declared
        self._host = host
        self._ground = describe_target(config, declared)
        self._partial = narrowed
        self._results: dict[str, ScenarioResult] = {}
        self._troubles: list[str] = []
        self._deselected: dict[str, tuple[str, ...]] = {}
        self._interrupted = False
        self._verdict: Verdict | None = None
        self._file: ResultFile | None = None
        if config.option.results:
            self._file = ResultFile.create(Path(config.option.results))
            self._file.run(load(), self._ground.name, self._ground.capability_names, partial=narrowed)

    def pytest_report_header(self) -> str:
        """Say what is tested."""
        declared = ", ".join(self._ground.capability_names) or "nothing"
        return f"roomproof: protocol {load().version}, target: {self._ground.name}, declares: {declared}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Look whether there is anything to test. A target on which nothing works ends the run here."""
        target = self._declared
        if self._host:
            try:
                target = self._host.start()
            except TopologyError as error:
                self._give_up(str(error))
        if target is None:
            return
        ground = check(target)
        if not ground.is_fit:
            self._give_up(ground.sentence, ground.broken)

    def _give_up(self, sentence: str, broken: Sequence[str] = ()) -> NoReturn:
        self._troubles.append(sentence)
        verdict = self._conclude(broken=broken)
        self._write(verdict)
        pytest.exit(verdict.sentence, returncode=verdict.exit_code)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down how a scenario ended."""
        ending: dict[str, Any] | None = getattr(report, "roomproof", None)
        name = scenario_id(report.nodeid)
        if ending is None:
            if report.failed:
                self._troubles.append(f"internal error in {name}: {_last_line(report)}")
            return
        result = ScenarioResult(
            name,
            tuple(ending["rules"]),
            Outcome(ending["outcome"]),
            report.duration,
            ending["detail"],
            tuple(ending["held"]),
            tuple(ending["broken"]),
            tuple(ending["deviating"]),
        )
        if ending["trouble"]:
            self._troubles.append(ending["trouble"])
        self._take(result)

    def _take(self, result: ScenarioResult) -> None:
        self._results[result.id] = result
        if self._file:
            self._file.scenario(result)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A scenario file that cannot be collected is trouble of ours."""
        if report.failed:
            self._troubles.append(f"cannot collect {report.nodeid}: {_last_line(report)}")

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Scenarios asked off by hand are not run, and the result says so."""
        for item in items:
            self._deselected[scenario_id(item.nodeid)] = rules_of(item)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Under xdist the workers select: take over what they were asked to leave out."""
        for name, rules in getattr(node, "workeroutput", {}).get("roomproof_deselected", {}).items():
            self._deselected[name] = tuple(rules)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the user ended the run: its result file stays without a verdict."""
        self._interrupted |= excinfo.type is KeyboardInterrupt

    def pytest_internalerror(self, excrepr: object) -> None:
        """An error of ours makes the run inconclusive."""
        self._troubles.append(f"internal error: {str(excrepr).strip().splitlines()[-1]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Give the verdict, and make its exit code pytest's."""
        if self._interrupted or self._verdict is not None:
            return
        for name, rules in self._deselected.items():
            self._take(ScenarioResult(name, rules, Outcome.NOT_RUN, detail="deselected on the command line"))
        self._partial |= bool(self._deselected)
        verdict = self._conclude()
        self._write(verdict)
        session.exitstatus = verdict.exit_code

    def _conclude(self, broken: Sequence[str] = ()) -> Verdict:
        ran = [result for result in self._results.values() if result.outcome is not Outcome.NOT_RUN]
        return conclude(
            load(),
            ran,
            self._ground.capabilities,
            partial=self._partial,
            trouble=self._troubles[0] if self._troubles else None,
            broken=broken,
            complaints=self._complaints(),
        )

    def _complaints(self) -> list[str]:
        """What is wrong with the known deviations, once the run is over."""
        played = [
            Played(result.id, result.deviating, result.outcome is not Outcome.NOT_RUN)
            for result in self._results.values()
        ]
        held = {rule for result in self._results.values() for rule in result.held}
        return stale(self._deviations, set(load().rules), held, played, partial=self._partial) if played else []

    def _write(self, verdict: Verdict) -> None:
        self._verdict = verdict
        if self._file:
            self._file.verdict(verdict, load())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the verdict, and what the server should do and does not."""
        verdict = self._verdict
        if verdict is None:
            return
        terminalreporter.section("roomproof")
        for result in self._results.values():
            if result.outcome in (Outcome.WARNED, Outcome.DEVIATING):
                terminalreporter.write_line(f"{result.outcome}: {result.id}: {result.detail}")
        for trouble in self._troubles[:10]:
            terminalreporter.write_line(f"trouble: {trouble}")
        counts = [
            f"{sum(1 for one in verdict.rules.values() if one is standing)} {standing.replace('_', ' ')}"
            for standing in Standing
        ]
        terminalreporter.write_line(f"rules: {', '.join(counts)}{' (partial run)' if verdict.partial else ''}")
        colour = {Conclusion.VALID: "green", Conclusion.INVALID: "red", Conclusion.INCONCLUSIVE: "yellow"}
        markup = {colour[verdict.conclusion]: True, "bold": True}
        terminalreporter.write_line(verdict.sentence, **markup)


def _last_line(report: pytest.CollectReport | pytest.TestReport) -> str:
    lines = report.longreprtext.strip().splitlines()
    return lines[-1] if lines else "no reason given"

"""Plays scenarios: decides which apply, has their histories judged, and tells the referee how they ended."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from roomproof.client.http import UnreachableError
from roomproof.history import HistoryError
from roomproof.judge.findings import Finding
from roomproof.report.failure_text import failure_text, finding_line
from roomproof.report.history_file import write_history
from roomproof.spec.rules import Capability, load
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.suite.declared_target import DeclaredTarget
from roomproof.suite.deviations import Deviation
from roomproof.suite.options import again
from roomproof.suite.topology_plugin import HANDLE
from roomproof.topologies import catalogue
from roomproof.verdict import Outcome, outcome_of

STAGE = pytest.StashKey[Stage]()
"""The stage of the scenario that is being played."""

ENDING = pytest.StashKey["Ending"]()

GONE = "the target stopped answering"
"""So begins the trouble after which nothing more can be learnt: the run ends there."""

SHOWN = 3
"""So many of the sights against one rule stand in the result file; the explanation has more."""


def scenario_id(nodeid: str) -> str:
    """`file::test[case]`, whatever folder pytest was started in."""
    file, separator, rest = nodeid.partition("::")
    return f"{file.rpartition('/')[2]}{separator}{rest}"


def rules_of(item: pytest.Item) -> tuple[str, ...]:
    """The rules that a scenario is marked with."""
    return tuple(rule for mark in item.iter_markers("rule") for rule in mark.args)


class Ending:
    """How a scenario ended, in the plain values that travel from a worker to the referee."""

    def __init__(self, item: pytest.Item) -> None:
        self.rules = rules_of(item)
        self.broken: dict[str, list[str]] = {}
        self.deviating: dict[str, list[str]] = {}
        self.detail = ""
        self.completed = False
        self.trouble = ""
        self.explanation = ""
        self.logs: dict[str, list[str]] = {}
        """What the parts of a topology of ours logged, by their names."""

    def plain(self, outcome: Outcome) -> dict[str, Any]:
        """As a dictionary of strings and lists."""
        held = [rule for rule in self.rules if self.completed and rule not in self.broken | self.deviating]
        return {
            "rules": list(self.rules),
            "outcome": str(outcome),
            "detail": self.detail,
            "held": [] if outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN) else held,
            "broken": list(self.broken),
            "deviating": list(self.deviating),
            "trouble": self.trouble,
        }


class ScenarioFailedError(AssertionError):
    """The scenario went through, and its history shows that the server broke rules."""


class ScenarioPlugin:
    """The pytest plugin that is active wherever scenarios run."""

    def __init__(self, config: pytest.Config, deviations: Sequence[Deviation], ground: DeclaredTarget) -> None:
        self._config = config
        self._deviations = deviations
        self._ground = ground

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what does not apply to the target."""
        ending = item.stash[ENDING] = Ending(item)
        ending.rules = self._applicable(ending.rules)
        item.user_properties += [("rule", rule) for rule in ending.rules]
        reason = self._not_applicable(item, ending.rules)
        if reason:
            ending.detail = reason
            pytest.skip(reason)

    def _applicable(self, rules: tuple[str, ...]) -> tuple[str, ...]:
        """Of rules that say the same for several topologies, those of the declared one; all, if none is declared."""
        others = {Capability.STICKY, Capability.PUBSUB} - self._ground.capabilities.keys()
        return tuple(rule for rule in rules if load().rules[rule].capability not in others) or rules

    def _not_applicable(self, item: pytest.Item, rules: tuple[str, ...]) -> str | None:
        declared = self._ground.capabilities
        needed = {load().rules[rule].capability for rule in rules} - {None}
        needed |= {mark.args[0] for mark in item.iter_markers("needs")}
        missing = sorted(str(capability) for capability in needed if capability not in declared)
        if missing:
            return f"not applicable: the target does not declare {', '.join(missing)}"
        if item.get_closest_marker("several_addresses") and not self._ground.has_several_addresses:
            return "not applicable: all clients have one address; a target file may give source_addresses"
        if item.get_closest_marker("breaks_parts") and not self._ground.can_break:
            return "not applicable: parts are broken only where Roomproof started them, see --topology"
        barred = [str(mark.args[0]) for mark in item.iter_markers("unless") if mark.args[0] in declared]
        return f"not applicable: the target declares {', '.join(barred)}" if barred else None

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Play one scenario, then let the oracle judge its whole history."""
        error: BaseException | None = None
        result: object = True
        try:
            result = yield
        except (AssertionError, UnreachableError, pytest.fail.Exception) as failure:
            error = failure
        self._judge(pyfuncitem, error)
        ending = pyfuncitem.stash[ENDING]
        if outcome_of(ending.broken, load()) is Outcome.FAILED or ending.trouble:
            raise error or ScenarioFailedError(ending.detail)
        return result

    def _judge(self, item: pytest.Item, error: BaseException | None) -> None:
        ending = item.stash[ENDING]
        stage = item.stash.get(STAGE, None)
        findings: list[Finding] = []
        if stage is not None:
            try:
                findings = stage.finish() if error is None else stage.break_off()
            except HistoryError as contradiction:
                ending.trouble = f"the history of {scenario_id(item.nodeid)} cannot be judged: {contradiction}"
        events = stage.events() if stage else []
        if self._config.option.histories:
            write_history(Path(self._config.option.histories), scenario_id(item.nodeid), events)
        for finding in findings:
            ending.broken.setdefault(finding.rule, []).append(finding_line(finding, events))
        if error is not None:
            self._blame(ending, error, stage)
        if ending.trouble.startswith(GONE):
            item.session.shouldstop = ending.trouble
        self._excuse(ending, scenario_id(item.nodeid))
        ending.completed = error is None
        seen = ending.broken | ending.deviating
        ending.detail = (
            "; ".join(f"{rule}: {' | '.join(sights[:SHOWN])}" for rule, sights in seen.items()) or ending.trouble
        )
        if ending.broken:
            command = again(self._config, scenario_id(item.nodeid))
            ending.explanation = failure_text(ending.broken, findings, events, command)
            handle = item.stash.get(HANDLE, self._config.stash.get(HANDLE, None))
            if handle is not None:
                ending.logs = catalogue.logs(handle, {room.id for room in stage.rooms} if stage else set())

    def _excuse(self, ending: Ending, scenario: str) -> None:
        """Set apart what is known to be broken."""
        for rule in list(ending.broken):
            if any(deviation.excuses(rule, scenario) for deviation in self._deviations):
                ending.deviating[rule] = ending.broken.pop(rule)

    def _blame(self, ending: Ending, error: BaseException, stage: Stage | None) -> None:
        """Find the rules that an exception of the scenario itself speaks of."""
        sight = str(error).partition("\n")[0]
        if isinstance(error, UnreachableError) and not (stage and _answers(stage)):
            ending.trouble = f"{GONE}: {sight}"
            return
        rules: tuple[str, ...] = ending.rules
        if isinstance(error, RuleBrokenError):
            if error.rule is None and ending.broken:
                return
            rules = (error.rule,) if error.rule else ending.rules
        for rule in rules:
            ending.broken.setdefault(rule, []).insert(0, sight)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the ending to the report that decides: of the call, or of a setup that went no further."""
        report = yield
        ending = item.stash.get(ENDING, None)
        if ending is None or report.when == "teardown" or (report.when == "setup" and report.passed):
            return report
        error = call.excinfo.value if call.excinfo else None
        if report.skipped:
            ending.detail = ending.detail or str(error)
            outcome = Outcome.NOT_APPLICABLE if ending.detail.startswith("not applicable") else Outcome.NOT_RUN
        elif report.when == "setup" and isinstance(error, RuleBrokenError | UnreachableError):
            self._judge(item, error)
            outcome = Outcome.FAILED
        elif report.failed:
            outcome = Outcome.FAILED
            if not ending.broken and not ending.trouble:
                ending.trouble = f"internal error in {scenario_id(item.nodeid)}: {type(error).__name__}: {error}"
                ending.detail = ending.trouble
        else:
            outcome = outcome_of(ending.broken, load())
            if outcome is Outcome.PASSED and ending.deviating:
                outcome = Outcome.DEVIATING
        if isinstance(error, ScenarioFailedError):
            report.longrepr = ending.detail
        if ending.explanation:
            report.sections.append(("roomproof", ending.explanation))
            report.sections += [(f"log of {name}", "\n".join(lines)) for name, lines in ending.logs.items()]
        report.__dict__["roomproof"] = ending.plain(outcome)
        return report


def _answers(stage: Stage) -> bool:
    try:
        stage.scene.http.stats()
    except UnreachableError:
        return False
    return True

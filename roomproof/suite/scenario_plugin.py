"""The pytest plugin that runs scenarios, judges their histories, and reports."""

import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from roomproof.client.http import UnreachableError
from roomproof.client.standstill import Standstill
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.errors import UsageError
from roomproof.history import Event, HistoryError, Sent
from roomproof.judge.findings import Finding
from roomproof.judge.root_cause import Expectation, Proof, attribute, is_explained
from roomproof.printable import escaped
from roomproof.recorder import Recorder
from roomproof.report.curl import curl_command, failed_request
from roomproof.report.failure_text import failure_text, finding_line
from roomproof.report.history_file import write_history
from roomproof.spec.messages import Perhaps, Valid
from roomproof.spec.rules import Capability, read_protocol
from roomproof.stage.scene import LacksError, RuleBrokenError, UndeliveredError
from roomproof.stage.stage import Stage
from roomproof.suite.applicability import applicable_rules, skip_as_inapplicable, why_inapplicable, why_lacking
from roomproof.suite.declared_target import DeclaredTarget
from roomproof.suite.deviations import Deviation
from roomproof.suite.disturbance import why_disturbed
from roomproof.suite.leftovers import LEFTOVERS_KEY
from roomproof.suite.rerun_command import rerun_command
from roomproof.suite.scenario_item import rules_of, scenario_id
from roomproof.suite.scenario_report import REPORT_KEY, ScenarioReport
from roomproof.suite.topology_plugin import TOPOLOGY_KEY
from roomproof.topologies import catalogue
from roomproof.verdict import Outcome, outcome_of

OUR_TROUBLE: tuple[type[BaseException], ...] = (LocalTroubleError, UsageError, pytest.fail.Exception)
"""Errors that end a scenario and say nothing about the server: a time limit of a plugin is one."""

ENDINGS: tuple[type[BaseException], ...] = (AssertionError, LacksError, UnreachableError, *OUR_TROUBLE)
"""Errors that end a scenario in order: its history is judged all the same."""

STATS_PATH = "/api/chats/ws/stats"

SLOW_DEADLINES = 1.5
"""Deadlines after which a target that does not answer is gone, and not only slow."""

STAGE_KEY = pytest.StashKey[Stage]()
"""The key under which the item of a scenario keeps its stage."""

RECORDER_KEY = pytest.StashKey[Recorder]()
"""The key under which the item of a scenario keeps the recorder of its requests, for one that has no stage."""


class ScenarioFailedError(AssertionError):
    """The scenario ran to its end, and its history shows that the server broke a MUST."""


class ScenarioPlugin:
    """The pytest plugin that is active in every process that runs scenarios."""

    def __init__(
        self, config: pytest.Config, deviations: Sequence[Deviation], target: DeclaredTarget, standstill: Standstill
    ) -> None:
        self._config = config
        self._deviations = deviations
        self._target = target
        self._standstill = standstill
        self._begin = time.monotonic()
        """The time at which the current scenario began."""

    def pytest_sessionstart(self) -> None:
        """Begin to watch for pauses of this process."""
        self._standstill.start()

    def pytest_sessionfinish(self) -> None:
        """End the watch."""
        self._standstill.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin the report of a scenario.

        Skips a scenario that does not apply to the target.
        """
        self._begin = time.monotonic()
        report = item.stash[REPORT_KEY] = ScenarioReport(applicable_rules(rules_of(item), self._target))
        item.user_properties += [("rule", rule) for rule in report.rules]
        reason = why_inapplicable(item, report.rules, self._target)
        if reason:
            skip_as_inapplicable(item, reason)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> object:
        """Let a time limit of pytest-timeout raise an error.

        The plugin's method `thread` would end the process without a verdict.
        """
        if settings.method != "thread":
            return None
        plugin = item.config.pluginmanager.get_plugin("timeout")
        return plugin.pytest_timeout_set_timer(item, settings._replace(method="signal")) if plugin else None

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Run one scenario, then have its whole history judged."""
        error: BaseException | None = None
        result: object = True
        try:
            result = yield
        except ENDINGS as failure:
            error = failure
        lack = self._lack(error)
        self._judge(pyfuncitem, None if lack else error)
        report = pyfuncitem.stash[REPORT_KEY]
        if lack and not report.broken and not report.trouble:
            skip_as_inapplicable(pyfuncitem, lack)
        if outcome_of(report.broken, read_protocol()) is Outcome.FAILED or report.trouble:
            raise error or ScenarioFailedError(report.detail)
        return result

    def _lack(self, error: BaseException | None) -> str | None:
        """Why a scenario that an error ended does not apply to the service, or None."""
        if isinstance(error, LacksError):
            return str(error)
        if not isinstance(error, RuleBrokenError) or error.rule not in read_protocol().rules:
            return None
        return why_lacking(read_protocol().rules[error.rule].needs, self._target)

    def _judge(self, item: pytest.Item, error: BaseException | None) -> None:
        """Complete the report of a scenario that ran to its end, or was ended by `error`."""
        report = item.stash[REPORT_KEY]
        stage = item.stash.get(STAGE_KEY, None)
        findings = self._findings(item, stage, is_complete=error is None)
        events = _events(item)
        if self._config.option.roomproof_histories:
            write_history(Path(self._config.option.roomproof_histories), scenario_id(item.nodeid), events)
        heartbeat = self._target.capabilities.get(Capability.HEARTBEAT)
        disturbed = why_disturbed(findings, events, heartbeat, self._standstill.longest(self._begin))
        if isinstance(error, OUR_TROUBLE):  # then the history shows what we did, not what the server does
            report.is_our_error = isinstance(error, pytest.fail.Exception)
            report.trouble = f"{scenario_id(item.nodeid)} was ended by a trouble of ours: {_first_line(error)}"
        elif disturbed:
            report.trouble = f"{scenario_id(item.nodeid)} was disturbed: {disturbed}"
            self._attribute(item, report, None, [one for one in findings if one.safety])
        else:
            self._attribute(item, report, error, findings)
            self._add_leftovers(item, report, has_failed=error is not None)
        if report.target_is_gone:
            item.session.shouldstop = report.trouble
        self._set_known_deviations_apart(report, scenario_id(item.nodeid))
        report.completed = error is None and not disturbed
        report.detail = report.summary() or report.trouble
        if report.broken:
            report.explanation = failure_text(
                report.broken,
                findings,
                events,
                rerun_command(self._config, scenario_id(item.nodeid)),
                report.consequences,
                report.roots,
                self._request_again(item, report.broken, error),
            )
            report.logs = self._logs(item, stage)

    @staticmethod
    def _request_again(item: pytest.Item, broken: Iterable[str], error: BaseException | None) -> str | None:
        """The command that sends the request again that showed a failure, or None."""
        stage = item.stash.get(STAGE_KEY, None)
        named = item.funcargs.get("target") if isinstance(item, pytest.Function) else None
        target = stage.scene.target if stage else named
        request = failed_request(_events(item), broken, str(error)) if error else None
        return curl_command(target.url, request) if request and isinstance(target, Target) else None

    def _attribute(
        self, item: pytest.Item, report: ScenarioReport, error: BaseException | None, findings: Sequence[Finding]
    ) -> None:
        """Add every fault to a report once, with its rule.

        A scenario that failed without any is trouble.
        """
        stage = item.stash.get(STAGE_KEY, None)
        events = stage.events() if stage else []
        failed = _failed_expectation(item, report, error, stage) if error else None
        for cause in attribute(failed, findings):
            line = finding_line(cause.finding, events) if cause.finding else _observation(item, error)
            report.add(cause.rule, line, root=cause.root)
        turned_away = stage.turned_away() if stage and failed and failed.proof is Proof.UNDELIVERED else None
        if failed and failed.proof is Proof.SEEN and failed.rule not in report.rules:
            report.is_unplayed = True  # another rule was broken before the rules of the scenario had their turn
        elif turned_away is not None and not is_explained(findings):
            report.is_unplayed = True
            report.add("JOIN-6", f"expected {turned_away.user} to be let into the room, got {turned_away.account()}")
        elif failed and failed.proof is Proof.UNDELIVERED and not is_explained(findings):
            report.is_unplayed = True
            why = "could not be played, and its history shows no fault of the server"
            report.trouble = f"{scenario_id(item.nodeid)} {why}: {_first_line(error)}"
        elif error and not failed and not report.broken and not report.trouble:
            report.is_our_error = True
            why = "names none of its several rules in its failure"
            report.trouble = f"{scenario_id(item.nodeid)} {why}: {_first_line(error)}"

    @staticmethod
    def _add_leftovers(item: pytest.Item, report: ScenarioReport, *, has_failed: bool) -> None:
        """Add what the statistics keep of a scenario that is over.

        After a failure nobody waits for them. The end of the run shows what is left then.
        """
        stage, leftovers = item.stash.get(STAGE_KEY, None), item.stash.get(LEFTOVERS_KEY, None)
        if stage is None or leftovers is None:
            return
        leftovers.note(scenario_id(item.nodeid), [room.id for room in stage.rooms])
        if not has_failed:
            for rule, observation in leftovers.after(scenario_id(item.nodeid)):
                report.add(rule, observation)

    def _findings(self, item: pytest.Item, stage: Stage | None, *, is_complete: bool) -> list[Finding]:
        """Close the stage and judge its history.

        A history that contradicts itself is trouble.
        """
        if stage is None:
            return []
        try:
            return stage.finish() if is_complete else stage.break_off()
        except HistoryError as error:
            report = item.stash[REPORT_KEY]
            report.trouble = f"the history of {scenario_id(item.nodeid)} cannot be judged: {error}"
            report.is_our_error = True
            return []

    def _set_known_deviations_apart(self, report: ScenarioReport, scenario: str) -> None:
        report.set_apart(lambda rule: any(deviation.covers(rule, scenario) for deviation in self._deviations))

    def _logs(self, item: pytest.Item, stage: Stage | None) -> dict[str, list[str]]:
        """Return the topology's log lines about the rooms of a scenario, by part."""
        topology = item.stash.get(TOPOLOGY_KEY, self._config.stash.get(TOPOLOGY_KEY, None))
        if topology is None:
            return {}
        return catalogue.logs(topology, {room.id for room in stage.rooms} if stage else set())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the report of a scenario to pytest's report.

        That is the report of the call, or of a setup that did not succeed.
        """
        report = yield
        scenario = item.stash.get(REPORT_KEY, None)
        if scenario is None or report.when == "teardown" or (report.when == "setup" and report.passed):
            return report
        error = call.excinfo.value if call.excinfo else None
        if report.when == "setup" and isinstance(error, (RuleBrokenError, UnreachableError, *OUR_TROUBLE)):
            self._judge(item, error)
        elif report.skipped:
            scenario.detail = scenario.detail or str(error)
        elif report.failed and not scenario.broken and not scenario.trouble:
            scenario.is_our_error = True
            scenario.trouble = f"internal error in {scenario_id(item.nodeid)}: {type(error).__name__}: {error}"
            scenario.detail = scenario.trouble
        if report.failed and not scenario.is_our_error:  # a traceback of Roomproof says nothing about the server
            report.longrepr = scenario.detail
        if scenario.explanation:
            report.sections.append(("roomproof", scenario.explanation))
            report.sections += [(f"log of {name}", "\n".join(lines)) for name, lines in scenario.logs.items()]
        report.__dict__["roomproof"] = scenario.plain(_outcome(report, scenario))
        return report


def _events(item: pytest.Item) -> list[Event]:
    """The history of a scenario so far."""
    stage, recorder = item.stash.get(STAGE_KEY, None), item.stash.get(RECORDER_KEY, None)
    if stage is not None:
        return stage.events()
    return recorder.events() if recorder else []


def _outcome(report: pytest.TestReport, scenario: ScenarioReport) -> Outcome:
    if report.skipped:
        return Outcome.NOT_RUN if scenario.is_applicable else Outcome.NOT_APPLICABLE
    if report.failed:
        return Outcome.FAILED
    outcome = outcome_of(scenario.broken, read_protocol())
    return Outcome.DEVIATING if outcome is Outcome.PASSED and scenario.deviating else outcome


def _failed_expectation(
    item: pytest.Item, report: ScenarioReport, error: BaseException, stage: Stage | None
) -> Expectation | None:
    """Return what an exception of the scenario itself says about the server.

    None if it says nothing about any one rule, and if the target is gone, which is trouble.
    """
    if isinstance(error, UnreachableError) and not (stage and _answers(stage)):
        report.target_is_gone = True
        report.trouble = f"the target stopped answering: {_first_line(error)}"
        return None
    only = report.rules[0] if len(report.rules) == 1 else None
    breaks_parts = item.get_closest_marker("breaks_parts") is not None
    match error:
        case UndeliveredError() if not (breaks_parts and only):
            sender = _sender_of(error.content, stage)
            return Expectation(Proof.UNDELIVERED, error.rule, error.connection, sender, error.content)
        case RuleBrokenError(rule=str(rule)):
            return Expectation(Proof.SEEN, rule, error.connection)
        case UnreachableError(rule=str(rule)):
            return Expectation(Proof.SEEN, rule)
        case UnreachableError() if only:
            return Expectation(Proof.SEEN, only)
        case AssertionError() if only:
            return Expectation(Proof.UNNAMED, only, breaks_parts=breaks_parts)
    return None


def _sender_of(content: str | None, stage: Stage | None) -> int | None:
    """The connection that sent a content first; None if none did."""
    if content is None or stage is None:
        return None
    read_sent = stage.scene.target.dialect.frames.read_sent
    sent = ((one.connection, read_sent(one.frame)) for one in stage.events() if isinstance(one, Sent))
    return next(
        (number for number, frame in sent if isinstance(frame, Valid | Perhaps) and frame.content == content), None
    )


def _observation(item: pytest.Item, error: BaseException | None) -> str:
    """The observation of a scenario.

    A bare assertion does not say what was expected: the name of the scenario does.
    """
    line = _first_line(error)
    if not line.startswith("assert "):
        return escaped(line)
    where = str(error).partition("\n")[2].strip().partition("\n")[0].removeprefix("+").strip()
    name, _, case = scenario_id(item.nodeid).partition("::test_")[2].partition("[")
    words = name.replace("_", " ") + (f" ({case[:-1]})" if case else "")
    shown = f"{line} {where}" if where.startswith("where ") else line
    return f"expected that {words}, got: {escaped(shown)}"


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


def _answers(stage: Stage) -> bool:
    """Whether the target still answers, be it slowly."""
    try:
        stage.scene.http.request("GET", STATS_PATH, within=SLOW_DEADLINES * stage.scene.deadline)
    except (UnreachableError, LocalTroubleError):
        return False
    return True

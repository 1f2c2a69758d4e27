"""The pytest plugin that makes a run of pytest one of scenarios.

Only `begin` registers the plugin.
"""

import sys
from pathlib import Path

import pytest

from roomproof.client.standstill import Standstill
from roomproof.client.target import Target, UsageError
from roomproof.report.history_file import create_folder
from roomproof.report.live_output import LiveOutput
from roomproof.report.result_file import ResultFile
from roomproof.spec.rules import ProtocolError, read_protocol
from roomproof.suite.declared_target import DeclaredTarget, declared_target
from roomproof.suite.deviation_plugin import DeviationPlugin
from roomproof.suite.deviations import Deviation, check_deviations, read_deviations
from roomproof.suite.end_plugin import EndPlugin
from roomproof.suite.interrupts import heed_first_interrupt
from roomproof.suite.live_plugin import LivePlugin
from roomproof.suite.options import is_narrowed, target_option
from roomproof.suite.retry_plugin import RetryPlugin
from roomproof.suite.rule_plugin import RulePlugin, check_rules
from roomproof.suite.scenario_item import rules_of, scenario_id
from roomproof.suite.scenario_plugin import ScenarioPlugin
from roomproof.suite.session_plugin import SessionPlugin
from roomproof.suite.terminal_plugin import TerminalPlugin
from roomproof.suite.topology_plugin import TopologyPlugin, receive_topology
from roomproof.verdict import Outcome

TARGET_KEY = pytest.StashKey[Target | None]()
"""The key under which the configuration keeps the target of `--target`; None if the option is not given."""

MARKERS = (
    "rule(*ids): the rules of PROTOCOL.md that a scenario tests",
    "needs(capability): not applicable to targets that do not declare this capability",
    "unless(capability): not applicable to targets that declare this capability",
    "several_clients: not applicable where the front cannot tell clients apart",
    "breaks_parts: not applicable where Roomproof did not start the target itself",
)

SCENARIO_PLUGIN = "roomproof-scenarios"


def begin(config: pytest.Config, scenarios: Path) -> None:
    """Make this a run of scenarios.

    The conftest of the folder `scenarios` calls this function in every process.
    Raises pytest.UsageError for a wrong command line.
    """
    if config.pluginmanager.has_plugin(SCENARIO_PLUGIN):
        return
    if not __debug__:
        raise pytest.UsageError(
            "roomproof: expected a Python that evaluates assertions, got one that optimises them away; "
            "unset PYTHONOPTIMIZE, and run it without -O"
        )
    heed_first_interrupt()
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    config.pluginmanager.register(sys.modules[__name__], "roomproof-run")
    try:
        target = target_option(config)
        declared = declared_target(config, target)
        check_rules(config.option.roomproof_rule, read_protocol())
        if config.option.roomproof_histories:
            create_folder(Path(config.option.roomproof_histories))
        deviations = read_deviations(config.option.roomproof_deviations) if config.option.roomproof_deviations else []
        check_deviations(deviations, read_protocol().rules, scenarios)
        if not hasattr(config, "workerinput") and not _only_shows(config):
            _begin_session(config, target, declared, deviations, partial=is_narrowed(config, scenarios))
    except (UsageError, ProtocolError) as error:
        raise pytest.UsageError(f"roomproof: {error}") from error
    config.stash[TARGET_KEY] = target
    receive_topology(config)
    standstill = Standstill()
    config.pluginmanager.register(RulePlugin(config.option.roomproof_rule), "roomproof-rules")
    config.pluginmanager.register(RetryPlugin(), "roomproof-retries")
    config.pluginmanager.register(DeviationPlugin(deviations), "roomproof-deviations")
    config.pluginmanager.register(EndPlugin(config, deviations, declared, standstill), "roomproof-end")
    config.pluginmanager.register(ScenarioPlugin(config, deviations, declared, standstill), SCENARIO_PLUGIN)


def _only_shows(config: pytest.Config) -> bool:
    """Whether pytest only shows something, so that there is no verdict."""
    names = ("collectonly", "showfixtures", "show_fixtures_per_test", "markers", "help", "version")
    return any(getattr(config.option, name, None) for name in names)


def _begin_session(
    config: pytest.Config,
    target: Target | None,
    declared: DeclaredTarget,
    deviations: list[Deviation],
    *,
    partial: bool,
) -> None:
    """Register the plugins of the controlling process.

    Raises UsageError if the result file cannot be written.
    """
    topology = TopologyPlugin(config, config.option.roomproof_topology) if config.option.roomproof_topology else None
    if topology:
        config.pluginmanager.register(topology, "roomproof-topology")
    file = ResultFile.create(Path(config.option.roomproof_results)) if config.option.roomproof_results else None
    if file:
        try:
            file.run(read_protocol(), declared.name, declared.capability_names, partial=partial)
        except OSError as error:
            raise UsageError(
                f"cannot write the result file {config.option.roomproof_results}: {error.strerror}"
            ) from error
    shares_target = len(getattr(config.option, "tx", None) or ()) > 1  # an option of pytest-xdist
    session = SessionPlugin(
        target,
        declared,
        topology,
        deviations,
        file,
        partial=partial,
        shares_target=shares_target,
        wait_s=config.option.roomproof_wait,
    )
    config.pluginmanager.register(session, "roomproof-session")
    config.pluginmanager.register(TerminalPlugin(config, session), "roomproof-terminal")
    has_terminal = config.pluginmanager.has_plugin("terminal")
    if isinstance(sys.stdout, LiveOutput) and has_terminal and _may_be_live(config):
        config.pluginmanager.register(LivePlugin(config, session, sys.stdout), "roomproof-live")


def _may_be_live(config: pytest.Config) -> bool:
    """Whether the command line asks for nothing that a live line would disturb."""
    option = config.option
    return option.verbose >= 0 and option.capture != "no" and not option.usepdb and not option.trace


def pytest_deselected(items: list[pytest.Item]) -> None:
    """In a worker of xdist, report deselected scenarios to the controlling process."""
    config = items[0].config if items else None
    output = getattr(config, "workeroutput", None)
    if output is not None:
        deselected = output.setdefault("roomproof_deselected", {})
        deselected.update({scenario_id(item.nodeid): list(rules_of(item)) for item in items})


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Give scenarios a category, a letter, and a word with the ids of rules.

    A failure without its traceback is no failure to pytest, which would print more than the server's fault.
    """
    scenario = getattr(report, "roomproof", None)
    if scenario is None or str(report.outcome) == "rerun":
        return None
    tested, broken = " ".join(scenario["rules"]), " ".join((*scenario["broken"], *scenario["deviating"]))
    match scenario["outcome"]:
        case Outcome.FAILED if scenario["is_our_error"]:
            return None
        case Outcome.FAILED if scenario["broken"]:
            return "broken", "F", f"BROKEN {broken}"
        case Outcome.FAILED:
            return "untested", "?", f"UNTESTED {tested}"
        case Outcome.WARNED:
            return "warned", "w", f"WARNED {broken}"
        case Outcome.DEVIATING:
            return "deviating", "d", f"DEVIATING {broken}"
        case Outcome.PASSED:
            return "passed", ".", f"PASSED {tested}"
    return None

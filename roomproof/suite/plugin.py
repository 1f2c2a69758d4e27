"""The pytest plugin: its options are always there, the rest is active only where scenarios run."""

from pathlib import Path

import pytest

from roomproof.client.target import Target, UsageError
from roomproof.report.history_file import create_folder
from roomproof.spec.rules import ProtocolError
from roomproof.suite.declared_target import describe_target
from roomproof.suite.deviations import read_deviations
from roomproof.suite.options import add_options, declared_target, is_narrowed
from roomproof.suite.paths import scenarios_folder
from roomproof.suite.scenario_plugin import ScenarioPlugin, rules_of, scenario_id
from roomproof.suite.session_plugin import SessionPlugin
from roomproof.suite.topology_plugin import TopologyPlugin, take_handle
from roomproof.verdict import Outcome

SCENARIOS = scenarios_folder()

TARGET = pytest.StashKey[Target | None]()
"""The target that the command line names; None for the embedded reference server."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of scenarios."""
    config.addinivalue_line("markers", "rule(*ids): the rules of PROTOCOL.md that a scenario tests")
    config.addinivalue_line("markers", "needs(capability): not applicable to targets that do not declare this")
    config.addinivalue_line("markers", "several_addresses: not applicable where all clients have one address")
    config.addinivalue_line("markers", "breaks_parts: not applicable where Roomproof did not start what it tests")
    config.addinivalue_line("markers", "unless(capability): not applicable to targets that declare this")
    if config.option.pyargs and any(SCENARIOS.name == word.partition(".")[0] for word in config.args):
        # pytest finds the conftest of a package only while it collects, and that is too late to begin.
        begin(config, SCENARIOS)


def begin(config: pytest.Config, scenarios: Path) -> None:
    """Make this a run of scenarios: called by the conftest of their folder, in every process.

    Raises pytest.UsageError for whatever is wrong with the command line.
    """
    if config.pluginmanager.has_plugin("roomproof-player"):
        return
    try:
        target = declared_target(config)
        if config.option.histories:
            create_folder(Path(config.option.histories))
        deviations = read_deviations(config.option.deviations) if config.option.deviations else []
        is_worker = hasattr(config, "workerinput")
        if not is_worker:
            host = TopologyPlugin(config, config.option.topology) if config.option.topology else None
            if host:
                config.pluginmanager.register(host, "roomproof-host")
            referee = SessionPlugin(config, target, host, deviations, narrowed=is_narrowed(config, scenarios))
            config.pluginmanager.register(referee, "roomproof-referee")
    except (UsageError, ProtocolError) as error:
        raise pytest.UsageError(f"roomproof: {error}") from error
    config.stash[TARGET] = target
    take_handle(config)
    player = ScenarioPlugin(config, deviations, describe_target(config, target))
    config.pluginmanager.register(player, "roomproof-player")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """In a worker of xdist: tell the controlling process what was asked off by hand."""
    config = items[0].config if items else None
    output = getattr(config, "workeroutput", None)
    if output is not None:
        left_out = output.setdefault("roomproof_deselected", {})
        left_out.update({scenario_id(item.nodeid): list(rules_of(item)) for item in items})


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Give scenarios that broke nothing but SHOULDs, or nothing but what is known, an outcome of their own."""
    match getattr(report, "roomproof", {}).get("outcome"):
        case Outcome.WARNED:
            return "warned", "w", "WARNED"
        case Outcome.DEVIATING:
            return "deviating", "d", "DEVIATING"
    return None

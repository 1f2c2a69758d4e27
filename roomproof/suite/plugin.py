"""The pytest plugin `roomproof`: its options always exist, everything else is active only where scenarios run."""

from pathlib import Path

import pytest

from roomproof.client.target import Target, UsageError
from roomproof.report.history_file import create_folder
from roomproof.report.result_file import ResultFile
from roomproof.spec.rules import ProtocolError, load
from roomproof.suite.declared_target import DeclaredTarget, declared_target
from roomproof.suite.deviations import Deviation, read_deviations
from roomproof.suite.options import add_options, is_narrowed, target_option
from roomproof.suite.paths import scenarios_folder, scenarios_package
from roomproof.suite.scenario_item import rules_of, scenario_id
from roomproof.suite.scenario_plugin import ScenarioPlugin
from roomproof.suite.session_plugin import SessionPlugin
from roomproof.suite.topology_plugin import TopologyPlugin, receive_topology
from roomproof.verdict import Outcome

SCENARIOS = scenarios_folder()

TARGET_KEY = pytest.StashKey[Target | None]()
"""The key under which the configuration keeps the target of `--target`; None if the option is not given."""

MARKERS = (
    "rule(*ids): the rules of PROTOCOL.md that a scenario tests",
    "needs(capability): not applicable to targets that do not declare this capability",
    "unless(capability): not applicable to targets that declare this capability",
    "several_addresses: not applicable where all clients have one address",
    "breaks_parts: not applicable where Roomproof did not start the target itself",
)

SCENARIO_PLUGIN = "roomproof-scenarios"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of scenarios."""
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if config.option.pyargs and any(f"{word}.".startswith(f"{scenarios_package()}.") for word in config.args):
        # pytest finds the conftest of a package only while it collects, which is too late to begin.
        begin(config, SCENARIOS)


def begin(config: pytest.Config, scenarios: Path) -> None:
    """Make this a run of scenarios. The conftest of the folder `scenarios` calls it, in every process.

    Raises pytest.UsageError for a wrong command line.
    """
    if config.pluginmanager.has_plugin(SCENARIO_PLUGIN):
        return
    try:
        target = target_option(config)
        declared = declared_target(config, target)
        if config.option.histories:
            create_folder(Path(config.option.histories))
        deviations = read_deviations(config.option.deviations) if config.option.deviations else []
        if not hasattr(config, "workerinput"):
            _begin_session(config, target, declared, deviations, partial=is_narrowed(config, scenarios))
    except (UsageError, ProtocolError) as error:
        raise pytest.UsageError(f"roomproof: {error}") from error
    config.stash[TARGET_KEY] = target
    receive_topology(config)
    config.pluginmanager.register(ScenarioPlugin(config, deviations, declared), SCENARIO_PLUGIN)


def _begin_session(
    config: pytest.Config,
    target: Target | None,
    declared: DeclaredTarget,
    deviations: list[Deviation],
    *,
    partial: bool,
) -> None:
    """Register the plugins of the controlling process. Raises UsageError if the result file cannot be written."""
    topology = TopologyPlugin(config, config.option.topology) if config.option.topology else None
    if topology:
        config.pluginmanager.register(topology, "roomproof-topology")
    file = ResultFile.create(Path(config.option.results)) if config.option.results else None
    if file:
        file.run(load(), declared.name, declared.capability_names, partial=partial)
    session = SessionPlugin(target, declared, topology, deviations, file, partial=partial)
    config.pluginmanager.register(session, "roomproof-session")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """In a worker of xdist, report to the controlling process which scenarios were deselected."""
    config = items[0].config if items else None
    output = getattr(config, "workeroutput", None)
    if output is not None:
        deselected = output.setdefault("roomproof_deselected", {})
        deselected.update({scenario_id(item.nodeid): list(rules_of(item)) for item in items})


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Give warned and deviating scenarios a category, a letter and a word of their own."""
    match getattr(report, "roomproof", {}).get("outcome"):
        case Outcome.WARNED:
            return "warned", "w", "WARNED"
        case Outcome.DEVIATING:
            return "deviating", "d", "DEVIATING"
    return None

"""Rules without scenarios or faults, and scenarios or faults without a rule.

Pure but for importing the scenarios."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import scenarios
from roomproof.spec.rules import read_protocol
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.topologies.catalogue import TOPOLOGY_FAULTS
from tests.topologies.fault import TopologyFault


def scenario_rules() -> dict[str, tuple[str, ...]]:
    """The rules that each scenario is marked with, by `file::test`."""
    return dict(_marked())


def _marked() -> Iterator[tuple[str, tuple[str, ...]]]:
    for file in sorted(Path(scenarios.__path__[0]).glob("test_*.py")):
        module = importlib.import_module(f"scenarios.{file.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_") and function.__module__ == module.__name__:
                marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "rule"]
                yield f"{file.name}::{name}", tuple(rule for mark in marks for rule in mark.args)


def rules_without_scenario() -> set[str]:
    """Rules that no scenario tests."""
    tested = {rule for rules in scenario_rules().values() for rule in rules}
    return read_protocol().rules.keys() - tested


def scenarios_without_rule() -> set[str]:
    """Scenarios that test no rule."""
    return {scenario for scenario, rules in scenario_rules().items() if not rules}


def rules_without_fault() -> set[str]:
    """Rules that no planted fault breaks."""
    return read_protocol().rules.keys() - {fault.breaks for fault in all_faults()}


def faults_without_rule() -> set[str]:
    """Faults that name no rule of PROTOCOL.md."""
    return {fault.name for fault in all_faults() if fault.breaks not in read_protocol().rules}


def all_faults() -> list[Fault | TopologyFault]:
    """All planted faults, of single servers and of topologies."""
    return [*FAULTS.values(), *TOPOLOGY_FAULTS.values()]

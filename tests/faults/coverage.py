"""Rules without scenarios or faults, and scenarios or faults without a rule.

Pure but for importing the scenarios."""

import ast
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


TOPOLOGIES = ("STICKY-", "PUBSUB-")
"""Beginnings of the ids of rules; the rules of only one kind apply to a target."""


def failures_without_rule() -> set[str]:
    """Places in scenarios of several rules where a failure does not name its rule.

    Each is a bare assertion, or a RuleBrokenError without a rule: `file::test:line`.
    """
    return set(_unnamed())


def _unnamed() -> Iterator[str]:
    for scenario, rules in scenario_rules().items():
        if max(sum(not rule.startswith(other) for rule in rules) for other in TOPOLOGIES) > 1:
            file, _, name = scenario.partition("::")
            source = (Path(scenarios.__path__[0]) / file).read_text(encoding="utf-8")
            functions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
            yield from (f"{scenario}:{line}" for line in _unnamed_lines(functions, name, set()))


def _unnamed_lines(functions: dict[str, ast.FunctionDef], name: str, known: set[str]) -> Iterator[int]:
    """The lines of such places in a function.

    Those in the functions of its file that it calls count, too.
    """
    known.add(name)
    for node in ast.walk(functions[name]):
        match node:
            case ast.Assert():
                yield node.lineno
            case ast.Call(func=ast.Name(id="RuleBrokenError"), args=[ast.Constant(value=None), *_]):
                yield node.lineno
            case ast.Call(func=ast.Name(id=called)) if called in functions.keys() - known:
                yield from _unnamed_lines(functions, called, known)


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

"""The scenarios of each rule, read from their files without an import."""

import ast
from pathlib import Path


def scenarios_by_rule(folder: Path) -> dict[str, list[str]]:
    """Return the scenarios of a folder by the rule that they test, as `FILE::NAME`."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for rule in _rules_of(node):
                    found.setdefault(rule, []).append(f"{file.name}::{node.name}")
    return found


def _rules_of(scenario: ast.FunctionDef) -> list[str]:
    """The ids in the decorator `@rule(...)` of a scenario."""
    return [
        str(word.value)
        for mark in scenario.decorator_list
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "rule"
        for word in mark.args
        if isinstance(word, ast.Constant)
    ]

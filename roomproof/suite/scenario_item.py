"""The parts of a pytest item that identify a scenario."""

import pytest


def scenario_id(nodeid: str) -> str:
    """Return `file::test[case]`, whatever folder pytest was started in."""
    file, separator, rest = nodeid.partition("::")
    return f"{file.rpartition('/')[2]}{separator}{rest}"


def rules_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the ids of the rules with which a scenario is marked."""
    return tuple(rule for mark in item.iter_markers("rule") for rule in mark.args)

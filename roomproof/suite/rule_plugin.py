"""The pytest plugin that selects scenarios by rule (`--rule`)."""

from collections.abc import Collection, Sequence

import pytest

from roomproof.client.target import UsageError
from roomproof.spec.rules import Protocol
from roomproof.suite.scenario_item import rules_of


def check_rules(ids: Sequence[str], protocol: Protocol) -> None:
    """Raise UsageError if a rule is unknown."""
    for name in ids:
        if why := protocol.why_unknown(name):
            raise UsageError(f"--rule: {why}")


class RulePlugin:
    """The plugin that deselects scenarios without any of the rules asked for.

    Without rules it selects all.
    """

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = {name.upper() for name in ids}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect scenarios."""
        if not self._ids:
            return
        left_out = [item for item in items if self._ids.isdisjoint(rules_of(item))]
        items[:] = [item for item in items if not self._ids.isdisjoint(rules_of(item))]
        config.hook.pytest_deselected(items=left_out)

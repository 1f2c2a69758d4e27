"""The pytest plugin that reports deviating scenarios, in every process."""

from collections.abc import Generator, Sequence

import pytest

from roomproof.suite.deviations import Deviation, reasons
from roomproof.suite.scenario_item import scenario_id
from roomproof.verdict import Outcome


class DeviationPlugin:
    """The plugin that adds reasons and links to the reports of deviating scenarios."""

    def __init__(self, deviations: Sequence[Deviation]) -> None:
        self._deviations = deviations

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the reasons to the detail of a report.

        JUnit files show the scenario as skipped for these reasons.
        """
        report = yield
        scenario = report.__dict__.get("roomproof", {})
        if not scenario.get("deviating"):
            return report
        why = reasons(self._deviations, scenario["deviating"], scenario_id(item.nodeid))
        scenario["detail"] = f"{scenario['detail']} (known deviation: {why})"
        if scenario["outcome"] == Outcome.DEVIATING:
            path, line, _ = item.location
            report.outcome = "skipped"
            report.longrepr = (path, line or 0, f"known deviation: {why}")
        return report

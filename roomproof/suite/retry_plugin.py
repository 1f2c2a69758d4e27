"""The pytest plugin for reruns: the first failure of a scenario stands."""

from collections.abc import Generator

import pytest

from roomproof.verdict import Outcome

FAILURE_KEY = pytest.StashKey[pytest.TestReport]()
"""The key under which the item of a scenario keeps pytest's report of its first try that failed."""


class RetryPlugin:
    """The plugin that makes each further try of a failed scenario fail."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the first failure of a scenario, and report it for further tries, too."""
        report = yield
        scenario = report.__dict__.get("roomproof")
        if scenario is None or report.when == "teardown":
            return report
        first = item.stash.get(FAILURE_KEY, None)
        if first is not None:
            report.outcome = "failed"
            report.longrepr = first.longrepr
            report.sections = [("tries", "The first try of this scenario failed, which stands."), *first.sections]
            report.__dict__["roomproof"] = first.__dict__["roomproof"]
        elif scenario["outcome"] == Outcome.FAILED:
            item.stash[FAILURE_KEY] = report
        return report

"""A pytest plugin that ends a run once the planted fault is found.

Options: `-p tests.faults.until_found --until-found NAME`.
The scenarios of the rule that the fault breaks run first. Scenarios that have not run by then count as deselected.
"""

import pytest

from roomproof.suite.scenario_item import rules_of
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.addoption("--until-found", metavar="NAME", choices=list(FAULTS), help="end the run once this fault is found")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run."""
    config.pluginmanager.register(UntilFound(FAULTS[config.option.until_found]))


class UntilFound:
    """Ends a run in one process, once the fault was found by its rule and its kind."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._session: pytest.Session
        self._ended: set[str] = set()
        """The ids of the scenarios that are over."""
        self._broken: set[str] = set()
        self._shown = ""

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Put the scenarios of the fault's rule first."""
        self._session = session
        items.sort(key=lambda item: self._fault.breaks not in rules_of(item))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End the run if this scenario was the one that found the fault."""
        ending = getattr(report, "roomproof", None)
        if ending is None:
            return
        self._ended.add(report.nodeid)
        self._broken.update(ending["broken"])
        self._shown += ending["detail"]
        if self._fault.breaks in self._broken and self._fault.is_shown_in(self._shown):
            left = [item for item in self._session.items if item.nodeid not in self._ended]
            self._session.config.hook.pytest_deselected(items=left)
            self._session.shouldstop = f"{self._fault.breaks} is broken, as planted"

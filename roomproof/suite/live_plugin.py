"""The pytest plugin that keeps a live line at the foot of a terminal."""

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from roomproof.printable import counted
from roomproof.report.live_output import LiveOutput
from roomproof.suite.session_plugin import SessionPlugin


class LivePlugin:
    """The plugin of the controlling process.

    The line replaces the letters of pytest's progress. Scenarios are counted by their ids: xdist repeats one whose
    worker died.
    """

    def __init__(self, config: pytest.Config, session: SessionPlugin, output: LiveOutput) -> None:
        self._config = config
        self._session = session
        self._output = output
        self._total = 0
        self._done: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Keep pytest from naming the file of each scenario."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.showfspath = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep the number of scenarios."""
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Keep the number of scenarios, which the workers collect under xdist."""
        self._total = len(ids)

    def pytest_runtest_logstart(self) -> None:
        """Show the line once the first scenario starts."""
        if not self._output.is_live and not self._done:
            self._output.start(self._total)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """Leave out letter and word of a scenario, unless `-v` asks for them."""
        status = yield
        return status if self._config.option.verbose > 0 else (status[0], "", "")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show what is done and broken so far."""
        if report.when == "teardown":
            self._done.add(report.nodeid)
        failures = self._session.failures
        rules = {rule for failure in failures for rule in failure.observations}
        found = f"{counted(len(rules), 'rule')} broken by {counted(len(failures), 'scenario')}"
        self._output.show(len(self._done), found if rules else "nothing broken", broken=bool(rules))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Remove the line before anything is summed up."""
        self._output.stop()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self) -> None:
        """Remove the line before an internal error is printed."""
        self._output.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Remove the line at the latest now."""
        self._output.stop()

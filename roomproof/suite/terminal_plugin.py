"""The pytest plugin that prints failures, broken rules and the verdict.

It runs in the controlling process.
"""

from collections.abc import Generator, Sequence

import pytest

from roomproof.printable import counted, shortened
from roomproof.report.broken_rules import BrokenRule, Example, Failure, advice, broken_rules, examples
from roomproof.spec.rules import Level, read_protocol
from roomproof.suite.rerun_command import rule_command
from roomproof.suite.session_plugin import SessionPlugin
from roomproof.verdict import Conclusion, Outcome, Standing, Verdict

SHOWN_TROUBLES = 10
"""Maximum number of troubles printed at the end."""

SENTENCE_CHARACTERS = 300
"""Maximum number of characters shown of the first finding against a rule."""

LINE_CHARACTERS = 1_000
"""Maximum number of characters of any other line at the end."""

COLOURS = {Conclusion.VALID: "green", Conclusion.INVALID: "red", Conclusion.INCONCLUSIVE: "yellow"}


class TerminalPlugin:
    """The plugin that prints what a run found out. The verdict is the last line."""

    def __init__(self, config: pytest.Config, session: SessionPlugin) -> None:
        self._config = config
        self._session = session
        self._is_shown = False

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the details of failures: all with `-v`, otherwise one of each kind."""
        failures = self._session.failures
        if not failures or self._config.option.tbstyle == "no" or self._config.option.no_summary:
            return
        terminalreporter.write_sep("=", "FAILURES")
        is_whole = self._config.option.verbose > 0
        shown = [Example(one, 0) for one in failures] if is_whole else examples(self._broken())
        for example in shown:
            terminalreporter.write_sep("_", example.failure.scenario, red=True, bold=True)
            terminalreporter.write_line(example.failure.text)
            if example.others:
                more = f"and {example.others} more like it"
                terminalreporter.write_line(f"\n{more}; -v shows all", bold=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Print broken rules and the verdict after everything that pytest prints."""
        result = yield
        if self._may_print():
            self._print_end()
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Print the verdict if it was not printed yet.

        That happens with --no-summary, without a terminal reporter, and where the run ends before the first scenario.
        """
        verdict = self._session.standing_verdict
        if verdict is None or self._is_shown:
            return
        if self._may_print():
            self._print_end()
        else:
            print(f"\n{verdict.sentence}")

    def _may_print(self) -> bool:
        """Whether pytest has a terminal reporter, and prints summaries."""
        return self._terminal() is not None and not self._config.option.no_summary

    def _terminal(self) -> pytest.TerminalReporter | None:
        plugin = self._config.pluginmanager.get_plugin("terminalreporter")
        return plugin if isinstance(plugin, pytest.TerminalReporter) else None

    def _broken(self) -> list[BrokenRule]:
        return broken_rules(self._session.failures, read_protocol())

    def _print_end(self) -> None:
        """Print deviations, troubles, broken rules, counts, and the verdict."""
        terminal, verdict = self._terminal(), self._session.standing_verdict
        if terminal is None or verdict is None:
            return
        self._is_shown = True
        terminal.write_sep("=", "roomproof")
        for result in self._session.results:
            if result.outcome is Outcome.DEVIATING:
                terminal.write_line(shortened(f"{result.outcome}: {result.id}: {result.detail}", LINE_CHARACTERS))
        for trouble in [one for one in self._session.troubles if one not in verdict.reason][:SHOWN_TROUBLES]:
            terminal.write_line(f"trouble: {shortened(trouble, LINE_CHARACTERS)}")
        self._print_broken(terminal, self._session.failures)
        terminal.write_line(_counts(verdict))
        colour = {COLOURS[verdict.conclusion]: True, "bold": True}
        terminal.write_line(shortened(verdict.sentence, LINE_CHARACTERS), **colour)

    def _print_broken(self, terminal: pytest.TerminalReporter, failures: Sequence[Failure]) -> None:
        """Print each broken rule, and the command that shows it."""
        broken = self._broken()
        if not broken:
            return
        terminal.write_line("broken rules:" if len(broken) == 1 else "broken rules, the likely root first:")
        width = max(len(one.rule) for one in broken)
        scenarios = [counted(len(one.failures), "scenario") for one in broken]
        widest = max(map(len, scenarios))
        for one, number in zip(broken, scenarios, strict=True):
            sentence = shortened(one.first, SENTENCE_CHARACTERS)
            colour = {"red": one.level is Level.MUST, "yellow": one.level is not Level.MUST}
            terminal.write(f"  {one.rule:{width}}", bold=True, **colour)
            terminal.write_line(f"  {one.level:<6}  {number:<{widest}}  {sentence}")
            terminal.write_line(f"  {'':{width}}  {self._command(one)}", cyan=True)
        if tip := advice(broken, len(failures)):
            terminal.write_line(tip, bold=True)

    def _command(self, broken: BrokenRule) -> str:
        """The command that shows a broken rule.

        Where no scenario of the rule broke it, the command runs another one that did.
        """
        named = next((one.scenario for one in broken.failures if "::" in one.scenario), None)
        scenario = None if broken.tested else named
        return rule_command(self._config, broken.rule, scenario)


def _counts(verdict: Verdict) -> str:
    """Return how many rules have each standing, in one line."""
    standings = list(verdict.rules.values())
    counts = [f"{standings.count(standing)} {standing.replace('_', ' ')}" for standing in Standing]
    return f"rules: {', '.join(counts)}{' (partial run)' if verdict.partial else ''}"

"""Runs the steps of a search for the capacity, each with a verdict of its own."""

import argparse
import time
from dataclasses import replace
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from roomproof.load import options
from roomproof.load.controller import defaults
from roomproof.load.controller.controller import controller_of
from roomproof.load.controller.results import LoadResults
from roomproof.load.controller.run import LoadRun, results_of
from roomproof.load.figures.bisection import Bisection, Step
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.verdict import load_independent_faults
from roomproof.spec.rules import read_protocol
from roomproof.verdict import Conclusion, Verdict

FIRST_USERS = 20
"""Users of the first step, unless -u says otherwise."""

OBJECTIVE = "deliver.p99<250ms"
"""The objective of every step, unless --slo says otherwise."""

RAMP_PATIENCE_S = 60.0
"""Seconds without a new connection after which a ramp-up has failed."""

POLL_S = 0.1
"""Seconds between two looks at the current run."""


class CapacitySearch:
    """The searches of one Locust process: each press of Start begins one."""

    def __init__(self, environment: Environment) -> None:
        self.bisection: Bisection | None = None
        self._environment = environment
        self._controller = controller_of(environment)
        self._is_on = False
        self._searches = self._most_users = 0
        self._step_seconds = 0.0
        self._results: LoadResults | None = None
        self._current: tuple[LoadRun, int] | None = None
        """The run of the current step, and its users."""
        self._ended: dict[int, tuple[Verdict, RunTotals]] = {}
        """The steps of this search that have ended, by the number of users."""

    def install(self) -> None:
        """Let the runs of the controller be the steps of a search."""
        self._controller.search = self
        bus = self._environment.events
        bus.test_start.add_listener(self._on_test_start)
        bus.quitting.add_listener(lambda **_: self._conclude("interrupted"))

    def read_options(self, parsed: argparse.Namespace) -> None:
        """Read the options of the search. Raises UsageError."""
        self._most_users = options.whole("--most-users", parsed.most_users, 1, 1_000_000)
        self._step_seconds = options.number("--step-seconds", parsed.step_seconds, 1, 3_600)
        target, processes = self._controller.command_line.read().target, self._controller.workers.processes
        options.check_users(target, self._most_users, processes, "--most-users")

    def _on_test_start(self, **_: Any) -> None:
        """Begin a search with the run that has just started, unless that is a step itself."""
        run, runner = self._controller.run, self._environment.runner
        if self._is_on or run is None:
            return
        self._is_on = True
        self._controller.final = None
        self._searches += 1
        self._ended.clear()
        first = getattr(runner, "target_user_count", FIRST_USERS)
        self.bisection = Bisection(first, self._most_users, run.options.room_size)
        path = results_of(self._controller.command_line.results_path, self._searches)
        self._results = LoadResults.create(path) if path else None
        if self._results:
            self._results.run(read_protocol(), run.options)
        gevent.spawn(self._run_steps, self.bisection)

    def _run_steps(self, bisection: Bisection) -> None:
        users: int | None = bisection.next_users()
        trouble = ""
        while users is not None:
            step = self._run_step(users)
            if step is None:
                trouble = self._controller.trouble or "stopped"
                break
            bisection.steps.append(step)
            users = bisection.next_users()
            if users is not None:
                self._start_run(users)
        self._conclude(trouble)
        self._quit_if_headless()

    def _start_run(self, users: int) -> None:
        runner, before = self._environment.runner, self._controller.run
        if runner is not None:
            runner.start(users, defaults.spawn_rate(users, self._controller.workers.processes))
        until = time.monotonic() + RAMP_PATIENCE_S
        while self._controller.run is before and time.monotonic() < until:
            gevent.sleep(POLL_S)  # Locust fires its event at any time after `start`

    def _run_step(self, users: int) -> Step | None:
        """Keep the current run up for its time and end it; None if somebody else ended it."""
        run, runner = self._controller.run, self._environment.runner
        if run is None or runner is None:
            return None
        self._current = run, users
        is_ramped_up = _wait_for_ramp_up(run, users)
        until = time.monotonic() + self._step_seconds
        while is_ramped_up and time.monotonic() < until and not run.is_ending:
            gevent.sleep(POLL_S)
        if run.is_ending:
            self._controller.wait_for_verdict()
            return None
        connected = run.totals.sockets
        runner.stop()
        if not self._is_on or run.verdict is None:
            return None
        verdict = run.verdict
        if not is_ramped_up and verdict.conclusion is Conclusion.VALID:
            reason = f"only {connected} of {users} users connected"
            verdict = replace(verdict, conclusion=Conclusion.INCONCLUSIVE, reason=reason)
        return self._end_step(run, users, verdict)

    def _end_step(self, run: LoadRun, users: int, verdict: Verdict) -> Step:
        self._current = None
        totals = run.totals
        if self._results:
            self._results.step(users, verdict, totals)
        self._ended[users] = verdict, totals
        return Step(
            users,
            verdict.conclusion,
            verdict.reason,
            totals.rate,
            is_generator_limit=bool(totals.slowdowns) and verdict.conclusion is Conclusion.INCONCLUSIVE,
            fault=load_independent_faults(totals),
        )

    def _conclude(self, trouble: str) -> None:
        """Give the verdict of the search, once.

        `trouble` says why it ends early; empty if it does not.
        """
        if not self._is_on or self.bisection is None:
            return
        self._is_on = False
        self._keep_interrupted_step(self.bisection)
        verdict = self._controller.final = self.bisection.conclude(trouble)
        self._environment.process_exit_code = verdict.exit_code
        if self._results:
            step = self.bisection.decisive
            self._results.conclude_search(
                verdict, read_protocol(), self.bisection, self._ended[step.users] if step else None
            )
        if self._environment.web_ui is not None:
            self._controller.show(verdict.sentence)

    def _keep_interrupted_step(self, bisection: Bisection) -> None:
        """Keep the current step, which was cut short, if it shows a fault."""
        if self._current is None:
            return
        run, users = self._current
        if run.verdict is not None and load_independent_faults(run.totals):
            bisection.steps.append(self._end_step(run, users, run.verdict))

    def _quit_if_headless(self) -> None:
        runner = self._environment.runner
        if runner is not None and self._environment.web_ui is None:
            runner.quit()


def _wait_for_ramp_up(run: LoadRun, users: int) -> bool:
    """Wait for all users to connect; False if the run ends or no more of them do."""
    most, until = 0, time.monotonic() + RAMP_PATIENCE_S
    while not run.is_ending and time.monotonic() < until:
        if run.totals.sockets >= users:
            return True
        if run.totals.sockets > most:
            most, until = run.totals.sockets, time.monotonic() + RAMP_PATIENCE_S
        gevent.sleep(POLL_S)
    return False


def _add_options(parser: LocustArgumentParser, **_: Any) -> None:
    parser.set_defaults(num_users=FIRST_USERS, slo=OBJECTIVE)
    text = "The search begins with the number of users (-u)."
    group = parser.add_argument_group("Roomproof's search for the capacity", text)
    options.add(group, "--most-users", "10000", "stop the search at this many users")
    options.add(group, "--step-seconds", "15", "seconds that each load is kept up")


def _install(environment: Environment, **_: Any) -> None:
    if environment.runner is not None and not controller_of(environment).is_worker:
        CapacitySearch(environment).install()


events.init_command_line_parser.add_listener(_add_options)
events.init.add_listener(_install)

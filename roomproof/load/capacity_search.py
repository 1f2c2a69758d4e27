"""Runs one step of a search for the capacity after the other: each is a run of its own, with a verdict of its own."""

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
from roomproof.report.terminal import show
from roomproof.spec.rules import load
from roomproof.verdict import Conclusion, Verdict

FIRST_USERS = 20

OBJECTIVE = "deliver.p99<250ms"
"""What is asked of every step where nothing else is."""

RAMP_PATIENCE_S = 60.0
"""If nobody has got in for so long, nobody will."""

POLL_S = 0.1


class CapacitySearch:
    """The searches of one Locust process, one for each press of Start."""

    def __init__(self, environment: Environment) -> None:
        self.bisection: Bisection | None = None
        self._environment = environment
        self._controller = controller_of(environment)
        self._controller.search = self
        self._is_on = False
        self._searches = self._most = 0
        self._seconds = 0.0
        self._results: LoadResults | None = None
        self._trying: tuple[LoadRun, int] | None = None
        """The step that goes on, and its users."""
        self._ended: dict[int, tuple[Verdict, RunTotals]] = {}
        """By the number of users: the steps of this search."""
        bus = environment.events
        bus.test_start.add_listener(self._start)
        bus.quitting.add_listener(lambda **_: self._end("interrupted"))

    def read_options(self, parsed: argparse.Namespace) -> None:
        """Take in the options of the search, before its first run begins. Raises UsageError."""
        self._most = options.whole("--most-users", parsed.most_users, 1, 1_000_000)
        self._seconds = options.number("--step-seconds", parsed.step_seconds, 1, 3_600)

    def _start(self, **_: Any) -> None:
        if self._is_on or self._controller.run is None:
            return
        run, runner = self._controller.run, self._environment.runner
        self._is_on = True
        self._controller.final = None
        self._searches += 1
        self._ended.clear()
        self.bisection = Bisection(getattr(runner, "target_user_count", FIRST_USERS), self._most, run.options.room_size)
        path = results_of(self._controller.results, self._searches)
        self._results = LoadResults.create(path) if path else None
        if self._results:
            self._results.run(load(), run.options)
        gevent.spawn(self._run_steps, self.bisection)

    def _run_steps(self, search: Bisection) -> None:
        users: int | None = search.next_users()
        trouble = ""
        while users is not None and not trouble:
            step = self._step(users)
            if step is None:
                trouble = self._controller.trouble or "stopped"
                break
            search.steps.append(step)
            users = search.next_users()
            if users is not None:
                self._go_to(users)
        self._end(trouble)
        self._stop()

    def _go_to(self, users: int) -> None:
        runner, before = self._environment.runner, self._controller.run
        if runner is not None:
            runner.start(users, defaults.spawn_rate(users, self._controller.workers))
        until = time.monotonic() + RAMP_PATIENCE_S
        while self._controller.run is before and time.monotonic() < until:
            gevent.sleep(POLL_S)  # Locust begins when it likes

    def _step(self, users: int) -> Step | None:
        """One run, whose ramp has begun; None if somebody else ended it."""
        run, runner = self._controller.run, self._environment.runner
        if run is None or runner is None:
            return None
        self._trying = run, users
        in_time = _wait_until_all_are_in(run, users)
        until = time.monotonic() + self._seconds
        while in_time and time.monotonic() < until and not run.is_ending:
            gevent.sleep(POLL_S)
        if run.is_ending:
            self._controller.wait_for_verdict()
            return None
        got_in = run.totals.sockets
        runner.stop()
        if not self._is_on or run.verdict is None:
            return None
        verdict = run.verdict
        if not in_time and verdict.conclusion is Conclusion.VALID:
            reason = f"only {got_in} of {users} users got in"
            verdict = replace(verdict, conclusion=Conclusion.INCONCLUSIVE, reason=reason)
        return self._noted(run, users, verdict)

    def _noted(self, run: LoadRun, users: int, verdict: Verdict) -> Step:
        self._trying = None
        is_generator_limit = bool(run.totals.slowdowns) and verdict.conclusion is Conclusion.INCONCLUSIVE
        if self._results:
            self._results.step(users, verdict, run.totals)
        self._ended[users] = verdict, run.totals
        wrong, rate = load_independent_faults(run.totals), run.totals.rate
        return Step(users, verdict.conclusion, verdict.reason, rate, is_generator_limit=is_generator_limit, fault=wrong)

    def _end(self, trouble: str) -> None:
        """Conclude the search, once."""
        if not self._is_on or self.bisection is None:
            return
        self._is_on = False
        if self._trying is not None:
            run, users = self._trying
            if run.verdict is not None and load_independent_faults(
                run.totals
            ):  # that is wrong even if the step was cut short
                self.bisection.steps.append(self._noted(run, users, run.verdict))
        verdict = self._controller.final = self.bisection.conclude(trouble)
        self._environment.process_exit_code = verdict.exit_code
        if self._results:
            step = self.bisection.decisive
            self._results.conclude_search(verdict, load(), self.bisection, self._ended[step.users] if step else None)
        if self._environment.web_ui is not None:
            show(verdict.sentence)

    def _stop(self) -> None:
        runner = self._environment.runner
        if runner is not None and self._environment.web_ui is None:
            runner.quit()


def _wait_until_all_are_in(run: LoadRun, users: int) -> bool:
    """Whether they are, or there were none left who came."""
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
    group = parser.add_argument_group("Roomproof's search for the capacity", "It begins with the number of users (-u).")
    options.add(group, "--most-users", "10000", "the search ends when the server bears so many users")
    options.add(group, "--step-seconds", "15", "so long each load is kept up")


def _begin(environment: Environment, **_: Any) -> None:
    if environment.runner is not None and not controller_of(environment).is_worker:
        CapacitySearch(environment)


events.init_command_line_parser.add_listener(_add_options)
events.init.add_listener(_begin)

"""Ties a run to the events of one Locust process: the local one, the master or a worker."""

import argparse
import contextlib
import functools
import secrets
import sys
import time
from typing import Any, Protocol

import gevent
from gevent.event import Event
from locust import argument_parser, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from roomproof.client.target import UsageError
from roomproof.load import options
from roomproof.load.controller import defaults
from roomproof.load.controller.fd_limit import missing_descriptors, raise_limit
from roomproof.load.controller.progress import Progress
from roomproof.load.controller.run import LoadRun, results_of
from roomproof.load.controller.signals import Signals
from roomproof.load.controller.web_tab import WebTab
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.worker_report import PATIENCE, WorkerReport, decode, encode
from roomproof.load.worker.session import WorkerSession
from roomproof.load.worker.stats_table import StatsTable
from roomproof.report.json_lines import check_writable
from roomproof.report.terminal import show
from roomproof.verdict import EXIT_CODES, Conclusion, Verdict

REPORT_MESSAGE, END_MESSAGE = "roomproof.report", "roomproof.end"
"""Our messages between the Locust processes: from a worker, and to it."""

LAST_REPORT_S = 30.0
"""So long beyond its deadlines a worker may take to tell its last."""

INTERRUPTED = "interrupted before everything that was due had its time"

LOCAL = "local"
"""The name of the only worker where there is no other."""


class Search(Protocol):
    """A search for the capacity, as far as the controller needs it."""

    @property
    def bisection(self) -> Bisection | None:
        """The steps so far; None before the first start."""

    def read_options(self, parsed: argparse.Namespace) -> None:
        """Read the options of the search. Raises UsageError."""


class LoadController:
    """One Locust process. `run` is what a local process or a master adds up, `session` what users live in."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.run: LoadRun | None = None
        self.session: WorkerSession | None = None
        self._runs = 0
        self._ended = Event()
        self._ended.set()
        self.trouble = ""
        self.search: Search | None = None
        """The search for the capacity, where this is one."""
        self._is_quitting = False
        self._signals = Signals()
        self._signals.heed()
        self.final: Verdict | None = None
        """What was found out by several runs."""
        runner = environment.runner
        self.is_worker = isinstance(runner, WorkerRunner)
        self._is_master = isinstance(runner, MasterRunner)
        raise_limit()
        parsed = self._parsed
        self.results = argparse.Namespace(results=vars(parsed).pop("results", ""))
        # What is no longer among the options cannot be set by the form of the web UI; the rest is set anew.
        self._by_command_line = {name: vars(parsed)[name] for name in ("ca", "header")}
        self._host = environment.host
        if runner is not None and self._is_master:
            runner.register_message(REPORT_MESSAGE, self._on_report)
        elif runner is not None and self.is_worker:
            runner.register_message(END_MESSAGE, self._on_end_request, concurrent=True)
            # A worker asks this for every option of every message that starts users, which takes it half a second.
            argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)
        if not self.is_worker:
            defaults.fill_in(parsed, has_form=environment.web_ui is not None)
        if environment.web_ui is not None:
            WebTab(self.progress).show_in(environment.web_ui)
        bus = environment.events
        bus.test_start.add_listener(self._start)
        bus.spawning_complete.add_listener(self._on_spawning_complete)
        bus.test_stopping.add_listener(lambda **_: self.end())
        bus.quitting.add_listener(self._quit)
        bus.quit.add_listener(self._repeat_verdict)
        if not self.is_worker and environment.web_ui is None:
            self._check_at_once()

    @property
    def _parsed(self) -> argparse.Namespace:
        parsed: argparse.Namespace | None = self.environment.parsed_options
        assert parsed is not None, "Locust has parsed its command line"
        return parsed

    @property
    def verdict(self) -> Verdict | None:
        """What this process found out last."""
        return self.final or (self.run.verdict if self.run is not None else None)

    def progress(self) -> Progress:
        """What is known so far."""
        bisection = self.search.bisection if self.search is not None else None
        return Progress(self.run, self.trouble, bisection, self.final)

    @property
    def workers(self) -> int:
        """How many processes have users."""
        return max(1, len(self._workers()))

    def _check_at_once(self) -> None:
        """On the command line, what is wrong is told before anything starts."""
        parsed = self._parsed
        try:
            asked = options.read(parsed, self.environment.host)
            _ = asked.target.address
            if path := results_of(self.results, 1):
                check_writable(path)
        except UsageError as error:
            sys.stderr.write(f"roomproof: {error}\n")
            sys.exit(2)
        trouble = missing_descriptors(parsed.num_users, parsed.expect_workers if self._is_master else 1)
        if trouble:
            sys.stderr.write(f"roomproof: {trouble}\n")
            sys.exit(EXIT_CODES[Conclusion.INCONCLUSIVE])

    def _start(self, **_: Any) -> None:
        self.trouble = ""
        self.session = None
        self._ended.clear()
        parsed = self._parsed
        try:
            if not self.is_worker:
                self._begin_run(parsed)
            if not self._is_master:
                self._begin_session(parsed)
        except UsageError as error:
            self.run = self.session = None
            sys.stderr.write(f"roomproof: {error}\n")
            self.trouble = str(error)
            gevent.spawn(self._stop_users)

    def _stop_users(self) -> None:
        """There is no run for them."""
        runner = self.environment.runner
        if runner is not None and self.environment.web_ui is None:
            runner.quit()  # a worker tells its master that it is gone
        elif runner is not None:
            runner.stop()

    def _begin_run(self, parsed: argparse.Namespace) -> None:
        self.run = None
        vars(parsed).update(self._by_command_line)
        host = str(self.environment.host)
        if host.endswith(".toml") and host != self._host:
            raise UsageError("expected a URL as host: a target file can be named on the command line only")
        parsed.seed = parsed.seed or secrets.token_hex(4)
        parsed.roomproof_run = secrets.token_hex(3)
        runner = self.environment.runner
        trouble = missing_descriptors(getattr(runner, "target_user_count", 0), self.workers)
        if trouble:
            raise UsageError(trouble)
        if self.search is not None:
            self.search.read_options(parsed)
        workers = self._workers() if self._is_master else {LOCAL}
        asked = options.read(parsed, self.environment.host)
        self._runs += 1
        results = results_of(self.results, self._runs, of_step=self.search is not None)
        self.run = LoadRun(parsed.roomproof_run, asked, workers, results)

    def _begin_session(self, parsed: argparse.Namespace) -> None:
        asked = options.read(parsed, self.environment.host)
        runner = self.environment.runner
        name = LOCAL
        index = 0
        if isinstance(runner, WorkerRunner):
            name, index = runner.client_id, runner.worker_index + 1
            if trouble := missing_descriptors(0, 1):
                raise UsageError(trouble)
        stats_table = StatsTable(self.environment.stats)
        self.session = WorkerSession(asked, parsed.roomproof_run, name, index, self._send_report, stats_table)
        if self.run is not None and self.run.is_ending:
            self.session.end()  # it was stopped while the server was asked for its time

    def _workers(self) -> set[str]:
        """The workers that are there."""
        runner = self.environment.runner
        if not isinstance(runner, MasterRunner):
            return set()
        return {client.id for client in runner.clients.all if client.state != STATE_MISSING}

    def _on_spawning_complete(self, **_: Any) -> None:
        if self.session is not None and not self.session.is_ending:
            self.session.ramp_up_complete()

    def _send_report(self, report: WorkerReport) -> None:
        if self.run is not None:
            self.run.add_report(report)
        elif self.is_worker and self.environment.runner is not None:
            self.environment.runner.send_message(REPORT_MESSAGE, {"report": encode(report)})

    def _on_report(self, msg: Any, **_: Any) -> None:
        if self.run is not None:
            self.run.add_report(decode(msg.data["report"]))

    def _on_end_request(self, msg: Any, **_: Any) -> None:
        if self.session is not None and msg.data["run"] == self._parsed.roomproof_run:
            self.session.end()

    def end(self) -> None:
        """Bring the run to its end and its verdict; returns when that is done, whoever began it."""
        if self.is_worker:
            if self.session is not None:
                self.session.end()
            return
        run = self.run
        if run is None or run.verdict is not None:
            return
        if run.is_ending:
            self.wait_for_verdict()
            return
        run.begin_ending()
        trouble = ""
        try:
            if self._is_master:
                self._wait_for_reports(run)
            elif self.session is not None:
                self.session.end()
            else:
                trouble = "it was stopped before it had begun"
        except BaseException:
            trouble = INTERRUPTED
            raise
        finally:
            try:
                run.conclude(trouble)
            finally:
                self._ended.set()

    def wait_for_verdict(self) -> None:
        """Returns when the run that somebody ends has come to its end."""
        self._ended.wait()

    def _wait_for_reports(self, run: LoadRun) -> None:
        runner = self.environment.runner
        if not isinstance(runner, MasterRunner):
            return
        for worker in run.missing_workers(self._workers()):
            runner.send_message(END_MESSAGE, {"run": run.name}, client_id=worker)
        deadline = time.monotonic() + (PATIENCE + 3) * run.options.target.deadline + LAST_REPORT_S
        while run.missing_workers(self._workers()) and time.monotonic() < deadline:
            gevent.sleep(0.05)

    def _quit(self, **_: Any) -> None:
        """Locust is about to end, for whatever reason."""
        while self._is_quitting:
            with contextlib.suppress(KeyboardInterrupt):
                Event().wait()  # who sent a second signal has no second end
        self._is_quitting = True
        with contextlib.suppress(KeyboardInterrupt):  # the verdict says it
            self.end()
        while self.run is not None and self.run.is_ending and self.run.verdict is None:
            with contextlib.suppress(KeyboardInterrupt):
                self.wait_for_verdict()  # somebody else brings it to its end
        self._signals.ignore()
        environment = self.environment
        if self.is_worker:
            environment.process_exit_code = EXIT_CODES[Conclusion.INCONCLUSIVE] if self.trouble else 0
        elif self.verdict is not None:
            environment.process_exit_code = self.verdict.exit_code
        elif not environment.web_ui or self.trouble:
            environment.process_exit_code = EXIT_CODES[Conclusion.INCONCLUSIVE]

    def _repeat_verdict(self, **_: Any) -> None:
        """Below Locust's own tables."""
        if self.is_worker:
            return
        if self.verdict is not None:
            show(self.verdict.sentence)
        elif not self.environment.web_ui or self.trouble:
            show(f"INCONCLUSIVE: {self.trouble or 'nothing was run'}")


def controller_of(environment: Environment) -> LoadController:
    """The controller of this process."""
    controller: LoadController = vars(environment)["roomproof"]
    return controller


def _add_options(parser: LocustArgumentParser, **_: Any) -> None:
    options.add_to(parser)


def _begin(environment: Environment, **_: Any) -> None:
    vars(environment)["roomproof"] = LoadController(environment)
    # The loop has not looked at the clock since before all imports, and would count them into the time limit.
    gevent.get_hub().loop.update_now()


events.init_command_line_parser.add_listener(_add_options)
events.init.add_listener(_begin)

"""Ties load runs to the events of a Locust process: local, master or worker."""

import argparse
import contextlib
import functools
import io
import sys
from pathlib import Path
from typing import Any, Protocol

import gevent
from gevent.event import Event
from locust import argument_parser, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import STATE_SPAWNING, WorkerRunner
from locust.stats import CSV_STATS_INTERVAL_SEC

from roomproof.client.target import UsageError
from roomproof.load import options
from roomproof.load.controller import defaults, script_errors
from roomproof.load.controller.command_line import CommandLine
from roomproof.load.controller.fd_limit import missing_descriptors, raise_limit
from roomproof.load.controller.progress import Progress
from roomproof.load.controller.run import LoadRun, results_of, start_run
from roomproof.load.controller.script_errors import worse_exit_code
from roomproof.load.controller.signals import Signals
from roomproof.load.controller.web_tab import WebTab
from roomproof.load.controller.workers import END_MESSAGE, REPORT_MESSAGE, Workers
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.metrics import SCRIPT_ERRORS, Count
from roomproof.load.figures.worker_report import WorkerReport, decode, encode
from roomproof.load.worker.request_listeners import RequestListeners
from roomproof.load.worker.session import WorkerSession, open_session
from roomproof.load.worker.stats_table import StatsTable
from roomproof.report.terminal import show
from roomproof.verdict import EXIT_CODES, Conclusion, Verdict

INTERRUPTED = "interrupted before everything that was due had its time"

WORKERS_S = 60
"""Seconds in which workers have to connect, unless --expect-workers-max-wait says otherwise."""

CSV_S = CSV_STATS_INTERVAL_SEC + 0.5
"""Seconds in which Locust writes its CSV files once more, with what the end of the run has shown."""

LOCAL = "local"
"""The name of the only worker where there is no master."""


class Search(Protocol):
    """A search for the capacity, as far as the controller needs it."""

    @property
    def bisection(self) -> Bisection | None:
        """The steps so far; None before the first start."""

    def read_options(self, parsed: argparse.Namespace) -> None:
        """Read the options of the search. Raises UsageError."""


class LoadController:
    """The runs of one Locust process.

    `run` adds up the reports; a worker has none. `session` is where users connect; a master has none.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.run: LoadRun | None = None
        self.session: WorkerSession | None = None
        self.search: Search | None = None
        """The search for the capacity, if the runs of this process are its steps."""
        self.final: Verdict | None = None
        """The verdict on all steps of a search that has ended."""
        self.trouble = ""
        """The reason why the last start failed; empty if it did not."""
        self.workers = Workers(environment)
        self.is_worker = isinstance(environment.runner, WorkerRunner)
        self.command_line = CommandLine(environment)
        self._runs = 0
        self._ended = Event()
        self._ended.set()
        self._is_quitting = False
        self._signals = Signals()

    def install(self) -> None:
        """Prepare this process, and listen to the events of Locust.

        Exits the process if the command line asks for something impossible.
        """
        environment = self.environment
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # texts of messages are in no small encoding
        self._signals.install()
        raise_limit()
        self.command_line.hide_options()
        self._register_messages()
        if not self.is_worker:
            defaults.fill_in(self.command_line.parsed, has_form=environment.web_ui is not None)
        if environment.web_ui is not None:
            WebTab(self.progress).show_in(environment.web_ui)
        bus = environment.events
        bus.test_start.add_listener(self._on_test_start)
        bus.spawning_complete.add_listener(self._on_spawning_complete)
        bus.test_stopping.add_listener(lambda **_: self.end())
        bus.quitting.add_listener(self._on_quitting)
        bus.quit.add_listener(self._on_quit)
        script_errors.listen(bus, self._note_script_error)
        if not self.is_worker and environment.web_ui is None:
            self.command_line.check(self.command_line.parsed.expect_workers if self.workers.is_master else 1)
        self._limit_waiting()

    def _limit_waiting(self) -> None:
        """Give up waiting for workers before Locust does, whose exit code says invalid."""
        parsed = self.command_line.parsed
        seconds = parsed.expect_workers_max_wait or WORKERS_S
        if self.workers.is_master and (parsed.headless or parsed.autostart):
            parsed.expect_workers_max_wait = 0
            gevent.spawn(self.workers.expect, parsed.expect_workers, seconds, self._give_up)

    def _give_up(self, sentence: str) -> None:
        """End this process, whose main greenlet waits for workers."""
        if self.environment.runner is not None:
            self.environment.runner.quit()
        self.show(f"{Conclusion.INCONCLUSIVE.upper()}: {sentence}")
        gevent.get_hub().handle_system_error(SystemExit, SystemExit(EXIT_CODES[Conclusion.INCONCLUSIVE]))

    def _register_messages(self) -> None:
        runner = self.environment.runner
        if runner is not None and self.workers.is_master:
            runner.register_message(REPORT_MESSAGE, self._on_report)
        elif runner is not None and self.is_worker:
            runner.register_message(END_MESSAGE, self._on_end_request, concurrent=True)
            # A worker calls this for every option of every message that starts users, which takes half a second.
            argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)

    @property
    def verdict(self) -> Verdict | None:
        """The last verdict of this process."""
        return self.final or (self.run.verdict if self.run is not None else None)

    def show(self, text: str) -> None:
        """Print a text; with --json to stderr, because stdout is for Locust's JSON only."""
        show(text, sys.stderr if self.command_line.parsed.json else sys.stdout)

    def progress(self) -> Progress:
        """Return what is known so far."""
        bisection = self.search.bisection if self.search is not None else None
        return Progress(self.run, self.trouble, bisection, self.final)

    def _on_test_start(self, **_: Any) -> None:
        self.trouble = ""
        self.session = None
        self._ended.clear()
        try:
            if not self.is_worker:
                self._start_run()
            if not self.workers.is_master:
                self._open_session()
        except UsageError as error:
            self.run = self.session = None
            sys.stderr.write(f"roomproof: {error}\n")
            self.trouble = str(error)
            gevent.spawn(self._stop_users)

    def _stop_users(self) -> None:
        """Stop the users that Locust starts although there is no run for them."""
        runner = self.environment.runner
        if runner is not None and self.environment.web_ui is None:
            runner.quit()  # so that a worker tells its master that it is gone
        elif runner is not None:
            runner.stop()

    def _start_run(self) -> None:
        self.run = None
        users = getattr(self.environment.runner, "target_user_count", 0)
        self.command_line.begin_run(users, self.workers.processes)
        if self.search is not None:
            self.search.read_options(self.command_line.parsed)
        workers = self.workers.present() if self.workers.is_master else {LOCAL}
        asked = self.command_line.read()
        self._runs += 1
        path = results_of(self.command_line.results_path, self._runs, of_step=self.search is not None)
        self.run = start_run(self.command_line.run_name, asked, workers, path, self.show)

    def _open_session(self) -> None:
        asked = self.command_line.read()
        runner = self.environment.runner
        name, index = LOCAL, 0
        if isinstance(runner, WorkerRunner):
            name, index = runner.client_id, runner.worker_index + 1
            if trouble := missing_descriptors(0, 1):
                raise UsageError(trouble)
        stats_table = StatsTable(self.environment.stats, RequestListeners(self.environment.events.request))
        processes = self.command_line.processes
        self.session = open_session(
            asked, self.command_line.run_name, name, index, processes, self._send_report, stats_table
        )
        if self.run is not None and self.run.is_ending:
            self.session.end()  # the run was stopped while the server was asked for its clock

    def _note_script_error(self, count: Count, reason: str) -> None:
        if self.session is not None:
            self.session.note_script_error(count, reason)

    def _on_spawning_complete(self, **_: Any) -> None:
        if self.session is not None and not self.session.is_ending:
            self.session.ramp_up_complete()

    def _send_report(self, report: WorkerReport) -> None:
        if self.run is not None:
            self._add_report(self.run, report)
        elif self.is_worker and self.environment.runner is not None:
            self.environment.runner.send_message(REPORT_MESSAGE, {"report": encode(report)})

    def _on_report(self, msg: Any, **_: Any) -> None:
        if self.run is not None:
            self._add_report(self.run, decode(msg.data["report"]))

    def _add_report(self, run: LoadRun, report: WorkerReport) -> None:
        """Add a report, and end a run whose server no worker can reach."""
        run.add_report(report)
        totals = run.totals
        if totals.unreachable and run.workers <= totals.last.keys() and not run.is_ending:
            self.trouble = f"nobody listens on {run.options.target.url}"
            gevent.spawn(self._stop_users)

    def _on_end_request(self, msg: Any, **_: Any) -> None:
        if self.session is not None and msg.data["run"] == self.command_line.run_name:
            self.session.end()

    def end(self) -> None:
        """Bring the run to its verdict; returns when that is done, whoever began it."""
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
        runner = self.environment.runner
        run.begin_ending(self._users_to_connect(run), is_spawning=getattr(runner, "state", None) == STATE_SPAWNING)
        trouble = INTERRUPTED
        try:
            trouble = self._end_sessions(run)
        finally:
            try:
                run.conclude(trouble)
            finally:
                self._ended.set()

    def _users_to_connect(self, run: LoadRun) -> int:
        """The users without whom a run is incomplete.

        Returns 0 where a search for the capacity, a shape or an option decides.
        """
        is_free = run.options.allow_partial_ramp or self.search is not None or self.environment.shape_class is not None
        return 0 if is_free else getattr(self.environment.runner, "target_user_count", 0)

    def _end_sessions(self, run: LoadRun) -> str:
        """End the sessions of a run; return why they could not be ended, or an empty text."""
        if self.workers.is_master:
            self.workers.end(run)
        elif self.session is not None:
            self.session.end()
        else:
            return "it was stopped before it had begun"
        return ""

    def wait_for_verdict(self) -> None:
        """Wait until the run, which somebody else ends, has its verdict."""
        self._ended.wait()

    def _on_quitting(self, **_: Any) -> None:
        """Bring the run to its end before Locust exits, and set the exit code."""
        if self._is_quitting:
            _wait_forever()  # a second signal must not run the end a second time
        self._is_quitting = True
        self._end_despite_interrupts()
        self._signals.ignore()
        code = self._exit_code()
        if code is not None:
            self.environment.process_exit_code = code

    def _end_despite_interrupts(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):  # the verdict says that it was interrupted
            self.end()
        while self.run is not None and self.run.is_ending and self.run.verdict is None:
            with contextlib.suppress(KeyboardInterrupt):
                self.wait_for_verdict()  # somebody else ends the run

    def _exit_code(self) -> int | None:
        """The exit code of this process; None if the web UI was used for no run at all."""
        if self.is_worker:
            return EXIT_CODES[Conclusion.INCONCLUSIVE] if self.trouble else 0
        if self.verdict is not None:
            code = self.verdict.exit_code
            return worse_exit_code(code, self.command_line.parsed.exit_code_on_error) if self._has_failures else code
        if not self.environment.web_ui or self.trouble:
            return EXIT_CODES[Conclusion.INCONCLUSIVE]
        return None

    @property
    def _has_failures(self) -> bool:
        """Whether Locust counted a failure or an error of the script."""
        runner = self.environment.runner
        counts = self.run.totals.counts if self.run is not None else {}
        of_script = any(counts.get(count) for count in SCRIPT_ERRORS)
        return of_script or (runner is not None and bool(runner.errors or runner.exceptions))

    def _on_quit(self, **_: Any) -> None:
        """Print the verdict once more, below the tables of Locust."""
        if self.is_worker:
            return
        self._complete_files()
        if self.verdict is not None:
            self.show(self.verdict.sentence)
        elif not self.environment.web_ui or self.trouble:
            self.show(f"INCONCLUSIVE: {self.trouble or 'nothing was run'}")

    def _complete_files(self) -> None:
        """Let the files of Locust have what the end of the run has shown."""
        parsed = self.command_line.parsed
        if parsed.csv_prefix:
            gevent.sleep(CSV_S)
        # At Ctrl-C, Locust has written its report before the end.
        if parsed.html_file and Path(parsed.html_file).exists():
            Path(parsed.html_file).write_text(get_html_report(self.environment, show_download_link=False), "utf-8")


def controller_of(environment: Environment) -> LoadController:
    """Return the controller of this process."""
    controller: LoadController = vars(environment)["roomproof"]
    return controller


def _wait_forever() -> None:
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            Event().wait()


def _add_options(parser: LocustArgumentParser, **_: Any) -> None:
    options.add_to(parser)


def _install(environment: Environment, **_: Any) -> None:
    controller = vars(environment)["roomproof"] = LoadController(environment)
    controller.install()
    # The loop has not looked at the clock since before all imports, and would count them into the time limit.
    gevent.get_hub().loop.update_now()


events.init_command_line_parser.add_listener(_add_options)
events.init.add_listener(_install)

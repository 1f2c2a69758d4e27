"""The worker processes of a master, and the messages between them and the master."""

import time
from collections.abc import Callable

import gevent
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

from roomproof.load.controller.run import LoadRun
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.printable import counted

REPORT_MESSAGE, END_MESSAGE = "roomproof.report", "roomproof.end"
"""The names of the messages from a worker and to a worker."""

LAST_REPORT_S = 30.0
"""Seconds beyond its deadlines that a worker has to send its last report."""

POLL_S = 0.05


class Workers:
    """The workers that this process has as a master; none in any other process."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @property
    def is_master(self) -> bool:
        """Whether this process is a master."""
        return isinstance(self._environment.runner, MasterRunner)

    @property
    def processes(self) -> int:
        """The number of processes that have users: the workers, or this process alone."""
        return max(1, len(self.present()))

    def present(self) -> set[str]:
        """The ids of the workers that have not gone missing."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return set()
        return {client.id for client in runner.clients.all if client.state != STATE_MISSING}

    def expect(self, number: int, seconds: float, give_up: Callable[[str], None]) -> None:
        """Call `give_up` with a sentence if too few workers connect in these seconds."""
        until = time.monotonic() + seconds
        while len(self.present()) < number:
            if time.monotonic() > until:
                give_up(
                    f"expected {counted(number, 'worker')} within {seconds:g} s, {len(self.present())} connected: "
                    f"start them, or see --expect-workers and --expect-workers-max-wait"
                )
                return
            gevent.sleep(POLL_S)

    def end(self, run: LoadRun) -> None:
        """Ask all workers to end a run, and wait for their last reports."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return
        for worker in run.missing_workers(self.present()):
            runner.send_message(END_MESSAGE, {"run": run.name}, client_id=worker)
        deadline = time.monotonic() + (PATIENCE + 3) * run.options.target.deadline + LAST_REPORT_S
        while run.missing_workers(self.present()) and time.monotonic() < deadline:
            gevent.sleep(POLL_S)

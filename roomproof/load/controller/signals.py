"""Signals: Ctrl-C interrupts a run, and nothing does once it has its verdict."""

import signal

import gevent


class Signals:
    """The signals of this process. Locust itself handles the first SIGTERM."""

    def __init__(self) -> None:
        self._are_ignored = False

    def install(self) -> None:
        """On Ctrl-C raise KeyboardInterrupt in the main greenlet, while it waits.

        The handler of Python would raise it anywhere, and break off what is just being judged.
        """
        gevent.signal_handler(signal.SIGINT, self._interrupt)

    def ignore(self) -> None:
        """Ignore SIGINT and SIGTERM from now on, while Locust and Python exit.

        Otherwise Python would die of a signal on its way out, and the exit code would not be that of the verdict.
        """
        self._are_ignored = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _interrupt(self) -> None:
        if not self._are_ignored:
            gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())

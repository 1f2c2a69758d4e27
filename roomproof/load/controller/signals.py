"""How Ctrl-C reaches a run, and when it and SIGTERM no longer do."""

import signal

import gevent


class Signals:
    """Those of this process. Locust itself takes care of the first SIGTERM."""

    def __init__(self) -> None:
        self._are_ignored = False

    def heed(self) -> None:
        """From now on Ctrl-C reaches the main greenlet, while it waits.

        Python's own way would tear apart what is just being judged.
        """
        gevent.signal_handler(signal.SIGINT, self._interrupt)

    def ignore(self) -> None:
        """From now on nothing is left to do but Locust's own end, and Python's.

        Python would die of a signal on its way out, and its exit code would no longer be that of the verdict.
        """
        self._are_ignored = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _interrupt(self) -> None:
        if not self._are_ignored:
            gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())

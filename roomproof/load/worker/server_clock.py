"""The clocks of a run: ours and that of the server."""

import time

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.history import Started


def started_of(target: Target, http: Http) -> Started:
    """Return the head of a history that begins now.

    A server that does not answer is taken to have the right time.
    """
    try:
        ahead = http.clock_ahead_ns()
    except (UnreachableError, LocalTroubleError):
        ahead = 0
    epoch = time.time_ns() - time.monotonic_ns()
    return Started(epoch=epoch, server_ahead=ahead, capabilities=[str(name) for name in target.capabilities])

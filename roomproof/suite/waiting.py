"""Waits until a target answers, for runs that start right after their server.

`--wait SECONDS` asks for it. Nothing that the target answers meanwhile is judged.
"""

import contextlib
import time

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError, open_tcp
from roomproof.spec.rules import Need

PAUSE_S = 0.2
"""Seconds between two tries."""

TRY_S = 2.0
"""Seconds that one try may take."""

NOT_READY = frozenset({502, 503, 504})
"""Answers of a front, or of a server, that cannot serve yet."""


def wait_for(target: Target, seconds: float) -> None:
    """Return once the target answers over HTTP, or after some seconds at the latest.

    A service without statistics may answer no request over HTTP: there an accepted connection is enough. A failure on
    this machine ends the waiting, and the preflight names it.
    """
    http = Http(target)
    until = time.monotonic() + seconds
    with contextlib.suppress(LocalTroubleError):
        while not _answers(http, target) and (left := until - time.monotonic()) > 0:
            time.sleep(min(PAUSE_S, left))


def _answers(http: Http, target: Target) -> bool:
    try:
        return http.request("GET", "/", within=TRY_S).status not in NOT_READY
    except UnreachableError:
        return target.lacks(Need.STATISTICS) and _accepts(target)


def _accepts(target: Target) -> bool:
    try:
        open_tcp(*target.address, None, TRY_S).close()
    except OSError:
        return False
    return True

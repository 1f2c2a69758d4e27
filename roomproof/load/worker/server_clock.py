"""The clocks of a run: ours and that of the server."""

from urllib3.exceptions import NewConnectionError

from roomproof.client.clock import CLOCK, DATE_PRECISION_S, server_ahead_ns
from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.history import Started


def started_of(target: Target, http: Http) -> Started:
    """Return the head of a history that begins now.

    A server that does not answer is taken to have the right time.
    """
    capabilities = [str(name) for name in target.capabilities]
    without = sorted(map(str, target.dialect.without))
    ahead = _ahead(http, otherwise=0)
    return Started(epoch=CLOCK.epoch, server_ahead=ahead, capabilities=capabilities, without=without)


def refused_connection(http: Http) -> str:
    """Return why no connection to the server can be opened; empty if one can."""
    try:
        http.stats()
    except UnreachableError as error:
        return str(error) if isinstance(error.__cause__, NewConnectionError) else ""
    except LocalTroubleError:
        return ""
    return ""


def seconds_moved(started: Started, http: Http) -> float:
    """Return the seconds by which the server's clock moved against ours in this run.

    Returns 0 below the precision of a Date header, and if the server does not answer.
    """
    moved = (_ahead(http, otherwise=started.server_ahead) - started.server_ahead) / 1e9
    return moved if abs(moved) > DATE_PRECISION_S else 0.0


def _ahead(http: Http, *, otherwise: int) -> int:
    try:
        return server_ahead_ns(http)
    except (UnreachableError, LocalTroubleError):
        return otherwise

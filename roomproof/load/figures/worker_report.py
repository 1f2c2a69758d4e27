"""The report that a worker sends once a second, and a last time at its end. Pure."""

import msgspec

from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.backlog import Backlog
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.overload import OverloadReason
from roomproof.load.figures.percentiles import Histogram

PATIENCE = 6
"""Deadlines that a server has at the end of a run as long as it goes on delivering."""


class WorkerReport(msgspec.Struct, kw_only=True):
    """Everything since the last report of a worker, unless a field says otherwise."""

    run: str
    worker: str
    is_measured: bool = False
    """Whether the ramp-up was over when the interval began."""
    seconds: float = 0.0
    counts: dict[Count, int] = {}
    refusal_reasons: list[str] = []
    """The first reasons of refusals."""
    unanswered_reasons: list[str] = []
    """The first reasons of missing answers."""
    local_reasons: list[str] = []
    """The first reasons of failures on this machine."""
    script_reasons: dict[Count, list[str]] = {}
    """The first texts of each kind of error of the script."""
    dialect_troubles: int = 0
    """Number of times that the dialect did not fit the service, such as frames that nothing in it describes."""
    dialect_reasons: list[str] = []
    """The first of these troubles, since the start of the run."""
    clock_moved: float = 0.0
    """Seconds by which the clock of the server moved against ours in the run."""
    internal_errors: list[str] = []
    """The first errors of the generator itself, since the start of the run."""
    findings_by_kind: dict[Kind, int] = {}
    safety_by_rule: dict[str, int] = {}
    """Findings that are facts whatever the load, by the rule that they break."""
    liveness_by_rule: dict[str, int] = {}
    """Findings that an overloaded generator can have caused, by the rule that they break."""
    findings: list[Finding] = []
    """The first findings of each kind, with their witnesses."""
    users: dict[int, str] = {}
    """The user of each connection that these findings name as their receiver, where known."""
    times: dict[Timing, Histogram] = {}
    backlog: Backlog = Backlog()
    """Deliveries that are due now and have not arrived."""
    sockets: int = 0
    """Sockets open now."""
    rooms: int = 0
    """Rooms made since the start of the run."""
    spanning_rooms: int = 0
    """Rooms with members of several clients on several instances, since the start of the run."""
    instances: list[str] = []
    """Instances that answered a handshake, since the start of the run."""
    cpu: float = 0.0
    """The share of a core that was used."""
    lag_ms: float = 0.0
    """The worst lateness of a timer, in milliseconds."""
    lag_p99_ms: float = 0.0
    """The 99th percentile of that in the measured part, or in the ramp-up until there is one."""
    cpu_seconds: float = 0.0
    """Seconds of CPU in the measured part."""
    rss_grown: int = 0
    """Growth of the resident memory in bytes, since the start of the run."""
    overload: list[OverloadReason] = []
    """Reasons why the measured part of the run is unreliable, so far."""
    slowdowns: list[OverloadReason] = []
    """Ways in which the generator can have delayed something at any time of the run, so far."""
    have_senders_stopped: bool = False
    """Whether the end of the run had begun, in which nobody sends."""
    is_last: bool = False
    """Whether everything has been judged, so that no report follows."""
    users_waiting: int = 0
    """In the last report: users that had tried to connect for longer than a deadline when the end began."""
    unreachable: str = ""
    """Why the server could not be connected to from the start of the run on; empty if it could."""
    are_all_texts_sent: bool = False
    """Whether this worker has sent every tricky word, since the start of the run."""
    users_connected: int = 0
    """Users that have connected, since the start of the run."""
    users_connecting: int = 0
    """In the last report: users that still tried to connect for the first time when the end began."""
    is_still_delivering: bool = False
    """In the last report: whether the server was still delivering after PATIENCE deadlines."""


def encode(report: WorkerReport) -> bytes:
    """Return a report as bytes."""
    return msgspec.msgpack.encode(report)


def decode(data: bytes) -> WorkerReport:
    """Return the report that these bytes hold."""
    return msgspec.msgpack.decode(data, type=WorkerReport)

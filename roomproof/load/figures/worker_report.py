"""What a worker tells of itself once a second, and a last time at its end. Pure."""

import msgspec

from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.overload import OverloadReason
from roomproof.load.figures.percentiles import Histogram

PATIENCE = 6
"""So many deadlines a server has, in the end, that goes on delivering."""


class WorkerReport(msgspec.Struct, kw_only=True):
    """What happened since the last report; what is said to be now or at the end is no difference."""

    run: str
    worker: str
    is_measured: bool = False
    """Whether the ramp-up was over."""
    seconds: float = 0.0
    counts: dict[Count, int] = {}
    refusal_reasons: list[str] = []
    """The first few reasons of what was refused."""
    unanswered_reasons: list[str] = []
    """The first few reasons of what was unanswered."""
    internal_errors: list[str] = []
    """What went wrong in the generator itself, so far."""
    findings_by_kind: dict[Kind, int] = {}
    safety_by_rule: dict[str, int] = {}
    """Findings that are facts whatever the load, by the rule that they break."""
    liveness_by_rule: dict[str, int] = {}
    """Findings that an overloaded generator can have caused, by the rule that they break."""
    findings: list[Finding] = []
    """The first of each kind, with their witnesses."""
    times: dict[Timing, Histogram] = {}
    """What took how long."""
    sockets: int = 0
    """Open now."""
    rooms: int = 0
    spanning_rooms: int = 0
    """LoadRooms that have had members from two source addresses on two instances."""
    instances: list[str] = []
    cpu: float = 0.0
    """The share of a core, in this second."""
    lag_ms: float = 0.0
    """The worst of this second."""
    lag_p99_ms: float = 0.0
    """Of the measured part, or of all as long as there is none."""
    cpu_seconds: float = 0.0
    """Since the measured part began."""
    rss_grown: int = 0
    """In bytes, since the start of the run."""
    overload: list[OverloadReason] = []
    """Why the measured part of the run is unreliable, so far."""
    slowdowns: list[OverloadReason] = []
    """What can have delayed something at any time of the run, so far."""
    have_senders_stopped: bool = False
    """Whether everybody had fallen silent for the end."""
    is_last: bool = False
    """Whether everything has been judged, so that no report follows."""
    users_waiting: int = 0
    """In the last report: users that had tried to get in for longer than a deadline when the end came."""
    is_still_delivering: bool = False
    """In the last report: after PATIENCE deadlines the server was still delivering."""


def encode(report: WorkerReport) -> bytes:
    """A report, to be sent."""
    return msgspec.msgpack.encode(report)


def decode(data: bytes) -> WorkerReport:
    """A report that was received."""
    return msgspec.msgpack.decode(data, type=WorkerReport)

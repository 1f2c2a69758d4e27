"""What a worker tells of itself once a second, and a last time at its end. Pure."""

import msgspec

from roomproof.judge.findings import Finding
from roomproof.load.figures.percentiles import Counts

REFUSALS = ("refused", "roomless", "uninvited")
"""The fields for what a server refused that it has to grant."""

PATIENCE = 6
"""So many deadlines a server has, in the end, that goes on delivering."""


class WorkerReport(msgspec.Struct, kw_only=True):
    """What happened since the last beat; what is said to be now or at the end is no difference."""

    run: str
    worker: str
    is_measured: bool = False
    """Whether the ramp-up was over."""
    seconds: float = 0.0
    sent: int = 0
    delivered: int = 0
    late: int = 0
    dropped: int = 0
    blocked: int = 0
    """Messages given up while the server did not take the one before."""
    connected: int = 0
    refused: int = 0
    """Handshakes into existing rooms that the server refused."""
    roomless: int = 0
    """LoadRooms that the server refused to make."""
    uninvited: int = 0
    """Requests to add participants that it refused."""
    unanswered: int = 0
    """Handshakes and requests to which nothing was answered."""
    untimed: int = 0
    """Messages of which it is not known when they came to the last recipient."""
    left: int = 0
    died: int = 0
    paused: int = 0
    swamped: int = 0
    """How often so much was due to somebody who did not read that the server had to notice it."""
    refusals: list[str] = []
    """The first few reasons of what was refused."""
    troubles: list[str] = []
    """The first few reasons of what was unanswered."""
    bugs: list[str] = []
    """What went wrong in the generator itself, so far."""
    counts: dict[str, int] = {}
    """Findings by kind."""
    broken: dict[str, int] = {}
    """Findings that are facts, by rule."""
    late_broken: dict[str, int] = {}
    """Findings of liveness, by rule."""
    findings: list[Finding] = []
    """The first of each kind, with their witnesses."""
    times: dict[str, Counts] = {}
    """What took how long."""
    sockets: int = 0
    """Open now."""
    rooms: int = 0
    crossing: int = 0
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
    overloaded: list[str] = []
    """Why the measured part is worthless, so far."""
    strained: list[str] = []
    """What may have made things late at any time, so far."""
    is_silent: bool = False
    """Whether everybody had fallen silent for the end."""
    end: str = ""
    """In the last beat: why it is the last."""
    outside: int = 0
    """In the last beat: users that had tried to get in for longer than a deadline when the end came."""
    is_unheard: bool = False
    """In the last beat: after PATIENCE deadlines the server was still delivering."""


def encode(beat: WorkerReport) -> bytes:
    """A beat, to be sent."""
    return msgspec.msgpack.encode(beat)


def decode(data: bytes) -> WorkerReport:
    """A beat that was received."""
    return msgspec.msgpack.decode(data, type=WorkerReport)

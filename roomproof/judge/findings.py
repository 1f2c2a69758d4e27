"""What the oracle can hold against a server: kinds of findings, and a finding with its witness."""

from dataclasses import dataclass
from enum import StrEnum

from roomproof.history import Event


class Kind(StrEnum):
    """The kinds of findings (ORACLE: definition). Each names a fault of the server."""

    LOST = "lost"
    REPLAYED = "replayed"
    LEAKED = "leaked"
    PHANTOM = "phantom"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    ALTERED = "altered"
    MISATTRIBUTED = "misattributed"
    NEVER_JOINED = "never joined"
    DROPPED = "dropped"
    MISSING_NOTICE = "notice missing"
    DOUBLED_NOTICE = "notice doubled"
    MISPLACED = "misplaced"
    MALFORMED = "malformed"
    WRONG_TIME = "wrong time"
    UNPROVOKED_ERROR = "unprovoked error"
    UNANSWERED_CLOSE = "close unanswered"


LIVENESS = frozenset({Kind.LOST, Kind.NEVER_JOINED, Kind.DROPPED, Kind.MISSING_NOTICE, Kind.UNANSWERED_CLOSE})
"""Findings that only a deadline or a close shows. An overloaded generator may have caused them itself; all others are
facts whatever the load. A hole, which a later item of its stream proves, is lost and yet a fact: `Finding.hole`."""

OVERDUE = frozenset({Kind.LOST, Kind.NEVER_JOINED, Kind.MISSING_NOTICE})
"""Findings of what has not arrived by the deadline."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule it breaks, what happened to which connection, and the events that prove it."""

    kind: Kind
    rule: str
    receiver: int
    text: str
    stream: int | None = None
    """The connection whose item it is about."""
    item: int | None = None
    """0 is the join notice, 1 the first message; the leave notice follows the last one."""
    hole: bool = False
    """A lost item that is proved by a later item of its stream, not by the deadline."""
    witness: tuple[Event, ...] = ()

    @property
    def safety(self) -> bool:
        """Whether it is a fact whatever the load."""
        return self.hole or self.kind not in LIVENESS


def quoted(content: str) -> str:
    """The content as a finding names it, cut where it is long."""
    return repr(content) if len(content) <= 120 else f"{content[:100]!r}... ({len(content)} code points)"

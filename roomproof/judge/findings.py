"""What the oracle can hold against a server: kinds of findings, and a finding with its witness."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from roomproof.history import Event


class Kind(StrEnum):
    """The kinds of findings (docs/oracle.md has the definition). Each names a fault of the server."""

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
    HELD_UP = "held up"


LIVENESS = frozenset(
    {Kind.LOST, Kind.NEVER_JOINED, Kind.DROPPED, Kind.MISSING_NOTICE, Kind.UNANSWERED_CLOSE, Kind.HELD_UP}
)
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

    @property
    def overdue(self) -> bool:
        """Whether only the deadline shows it: what has not arrived may still come."""
        return not self.hole and self.kind in OVERDUE


SHOWN_CODE_POINTS = 120
"""Longer contents lose their end."""


def quoted(content: str, *others: str) -> str:
    """The content as a finding names it, cut where it is long; code point by code point where another looks like it."""
    show = ascii if any(_looks_like(content, other) for other in others) else repr
    if len(content) <= SHOWN_CODE_POINTS:
        return show(content)
    return f"{show(content[: SHOWN_CODE_POINTS - 20])}... ({len(content)} code points)"


def _looks_like(one: str, other: str) -> bool:
    normal = (unicodedata.normalize("NFKC", text) for text in (one, other))
    return one != other and not one.isascii() and len(set(normal)) == 1

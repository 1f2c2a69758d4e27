"""Findings: what the judges can hold against a server, with the evidence."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from roomproof.history import Event


class Kind(StrEnum):
    """The kinds of findings, each a fault of the server (docs/oracle.md)."""

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
"""Kinds of findings that only a deadline or a close shows: an overloaded load generator can cause them itself.

All others are facts whatever the load. So is a lost item that a later item of its stream proves: `Finding.hole`."""

OVERDUE = frozenset({Kind.LOST, Kind.NEVER_JOINED, Kind.MISSING_NOTICE})
"""Kinds of findings about something that had not arrived by the deadline."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of the server: the rule that it breaks, and the events that prove it."""

    kind: Kind
    rule: str
    receiver: int
    """Number of the connection that shows the fault."""
    text: str
    """A sentence about the fault. Both judges word equal findings alike (texts.py)."""
    stream: int | None = None
    """Number of the connection whose item the finding is about."""
    item: int | None = None
    """Number of the item: 0 is the join notice, 1 the first message; the leave notice follows the last message."""
    hole: bool = False
    """Whether a later item of the stream proves that the item is lost, not the deadline."""
    witness: tuple[Event, ...] = ()
    detail: str = ""
    """Further evidence that not both judges have; reports print it after the text."""

    @property
    def full_text(self) -> str:
        """The text and the detail, as reports print them."""
        return f"{self.text}; {self.detail}" if self.detail else self.text

    @property
    def safety(self) -> bool:
        """Whether the finding holds whatever the load."""
        return self.hole or self.kind not in LIVENESS

    @property
    def overdue(self) -> bool:
        """Whether only the deadline proves the finding."""
        return not self.hole and self.kind in OVERDUE


SHOWN_CODE_POINTS = 120
"""Length of the longest content, in code points, that a finding quotes whole."""


def quoted(content: str, *others: str) -> str:
    """A content as a text quotes it.

    It is shortened if long, and escaped if one of the others looks like it.
    """
    show = ascii if any(_looks_like(content, other) for other in others) else repr
    if len(content) <= SHOWN_CODE_POINTS:
        return show(content)
    return f"{show(content[: SHOWN_CODE_POINTS - 20])}... ({len(content)} code points)"


def _looks_like(one: str, other: str) -> bool:
    normal = (unicodedata.normalize("NFKC", text) for text in (one, other))
    return one != other and not one.isascii() and len(set(normal)) == 1

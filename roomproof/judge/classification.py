"""Which finding it is, and which rule it breaks, when an item of a stream is missing, comes again or comes late."""

from dataclasses import dataclass
from enum import StrEnum

from roomproof.judge.findings import Kind


class Part(StrEnum):
    """What an item is in its stream."""

    JOIN = "join notice"
    MESSAGE = "message"
    LEAVE = "leave notice"


Violation = tuple[Kind, str]
"""A kind of finding and the id of the rule that it breaks."""


@dataclass(frozen=True, slots=True)
class MissingItem:
    """What else is known of a missing item."""

    own: bool = False
    """It is the receiver's own."""
    died: bool = False
    """The sender's link ended without a Close frame."""
    last_words: bool = False
    """The sender closed cleanly, and the receiver heard some of it but no later message."""


def missing(part: Part, circumstances: MissingItem) -> Violation:
    """An item that was due and did not arrive."""
    match part:
        case Part.JOIN:
            return Kind.MISSING_NOTICE, "JOIN-1"
        case Part.LEAVE:
            return Kind.MISSING_NOTICE, "LEAVE-2" if circumstances.died else "LEAVE-1"
        case Part.MESSAGE if circumstances.own:
            return Kind.LOST, "DELIVER-2"
        case Part.MESSAGE if circumstances.died:
            return Kind.LOST, "DELIVER-12"
        case Part.MESSAGE:
            return Kind.LOST, "DELIVER-11" if circumstances.last_words else "DELIVER-1"


def again(part: Part) -> Violation:
    """An item that the receiver had already."""
    if part is Part.MESSAGE:
        return Kind.DUPLICATED, "DELIVER-3"
    return Kind.DOUBLED_NOTICE, "JOIN-1" if part is Part.JOIN else "LEAVE-1"


def late(part: Part, *, after_leave: bool) -> Violation:
    """An item that came after a later one of its stream; `after_leave`: after the last of all."""
    if after_leave:
        return Kind.MISPLACED, "LEAVE-3"
    return Kind.REORDERED, "JOIN-4" if part is Part.JOIN else "ORDER-1"

"""The rules that items break which are missing, arrive again or arrive late."""

from enum import StrEnum

from roomproof.judge.findings import Kind
from roomproof.judge.lifecycle import Lifecycle

JOIN_NOTICE = 0
"""Number of the join notice in its stream; messages are numbered from 1, and the leave notice follows the last one."""


class Part(StrEnum):
    """The parts of a stream."""

    JOIN = "join notice"
    MESSAGE = "message"
    LEAVE = "leave notice"


Violation = tuple[Kind, str]
"""A kind of finding and the id of the rule that it breaks."""

LEAKED_ITEM: Violation = Kind.LEAKED, "STICKY-4"
"""An item that crossed between two sticky instances."""

REPLAYED_ITEM: Violation = Kind.REPLAYED, "DELIVER-10"
"""An item below the floor of its receiver."""


def part_of(item: int, leave: int | None) -> Part:
    """The part that an item is in its stream.

    `leave` is the number of the leave notice; None if there is none yet.
    """
    if item == JOIN_NOTICE:
        return Part.JOIN
    return Part.LEAVE if item == leave else Part.MESSAGE


def missing(part: Part, sender: Lifecycle, *, is_own: bool = False, is_tail: bool = False) -> Violation:
    """The violation of an item that was due and did not arrive.

    `is_own`: its receiver is its sender; `is_tail`: the receiver got items of the sender, but no later message.
    """
    match part:
        case Part.JOIN:
            return Kind.MISSING_NOTICE, "JOIN-1"
        case Part.LEAVE:
            return Kind.MISSING_NOTICE, "LEAVE-2" if sender.died else "LEAVE-1"
        case Part.MESSAGE if is_own:
            return Kind.LOST, "DELIVER-2"
        case Part.MESSAGE if sender.died:
            return Kind.LOST, "DELIVER-12"
        case Part.MESSAGE:
            return Kind.LOST, "DELIVER-11" if is_tail and sender.closed_cleanly else "DELIVER-1"


def again(part: Part) -> Violation:
    """The violation of an item that its receiver had already received."""
    if part is Part.MESSAGE:
        return Kind.DUPLICATED, "DELIVER-3"
    return Kind.DOUBLED_NOTICE, "JOIN-1" if part is Part.JOIN else "LEAVE-1"


def out_of_order(part: Part, *, after_leave: bool) -> Violation:
    """The violation of an item that arrived after a later item of its stream.

    `after_leave`: the later item is the leave notice.
    """
    if after_leave:
        return Kind.MISPLACED, "LEAVE-3"
    return Kind.REORDERED, "JOIN-4" if part is Part.JOIN else "ORDER-1"

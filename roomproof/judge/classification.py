"""The rules that items break which are missing, arrive again or arrive late."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Loss:
    """The way in which one item is missing: the same at all receivers that lack it."""

    is_own_only: bool = False
    """Whether only its sender lacks it."""
    is_crossing: bool = False
    """Whether, in a pubsub topology, only receivers on other instances than its sender's lack it."""
    is_overtaken: bool = False
    """Whether a receiver that lacks it received a later message of the sender."""
    is_last: bool = False
    """Whether nobody received it, or a later message of the sender."""


def missing(part: Part, sender: Lifecycle, loss: Loss) -> Violation:
    """The violation of an item that was due and did not arrive: one at all receivers."""
    kind = Kind.LOST if part is Part.MESSAGE else Kind.MISSING_NOTICE
    if loss.is_crossing:
        return kind, "PUBSUB-3" if part is Part.MESSAGE else "PUBSUB-4"
    match part:
        case Part.JOIN:
            return kind, "JOIN-1"
        case Part.LEAVE:
            return kind, "LEAVE-2" if sender.died else "LEAVE-1"
        case Part.MESSAGE if loss.is_own_only:
            return kind, "DELIVER-2"
        case Part.MESSAGE if sender.died and not loss.is_overtaken:
            return kind, "DELIVER-12"
        case Part.MESSAGE if sender.closed_cleanly and loss.is_last:
            return kind, "DELIVER-11"
        case Part.MESSAGE:
            return kind, "DELIVER-1"


def dropped(*, has_sent_bad_frame: bool = False, is_deleted: bool = False) -> Violation:
    """The violation of a member that the server closed without a reason."""
    if has_sent_bad_frame:
        return Kind.DROPPED, "FRAME-3"
    return Kind.DROPPED, "CLOSE-3" if is_deleted else "CLOSE-1"


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

"""An item under load that is not the one expected next: early, late, once more, or out of place."""

from collections.abc import Iterator

from roomproof.judge import classification
from roomproof.judge.classification import Part, Violation
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import EXCUSED, LEAVE, LEFT, StreamingConnection, part_of
from roomproof.judge.streaming.decoding import DepartedSender
from roomproof.judge.streaming.fault_windows import LiveFaultWindow
from roomproof.judge.streaming.int_runs import IntRuns
from roomproof.judge.streaming.state import RoomState


def take(
    roster: RoomState, speaker: StreamingConnection, receiver: StreamingConnection, item: int, at: int
) -> Iterator[Violation]:
    """Take down that an item came that was not expected next; what is wrong with that."""
    if roster.are_apart(speaker, receiver):
        yield Kind.LEAKED, "STICKY-4"
        return
    if roster.may_be_earlier(speaker, receiver, item):
        yield from _take_earlier(roster, speaker, receiver, item)
        return
    column = speaker.column
    outages, certain = roster.outages, roster.is_certain(speaker, receiver)
    if item == LEAVE or (speaker is receiver and item == 0):
        yield from _once(speaker, receiver, item)
        if item == LEAVE and receiver.expected[column] != LEFT:
            following = receiver.expected[column]
            if certain or receiver.has_heard(column):
                _overtake(speaker, receiver, range(following, speaker.leave), at, outages)
            receiver.departed[column] = speaker.leave
            receiver.expected[column] = LEFT
        return
    has_left = receiver.expected[column] == LEFT
    following, start = receiver.next_of(column), receiver.start[column]
    late = classification.late(part_of(speaker, item), after_leave=has_left)
    holes = receiver.holes.get(column, {})
    if item in holes:
        del holes[item]
        yield late
    elif item >= following:
        if certain or following != start:
            _overtake(speaker, receiver, range(following, item), at, outages)
        else:
            receiver.start[column] = item
        receiver.expected[column] = item + 1
    elif item < receiver.floor[column]:
        if item in receiver.strays.get(column, ()):
            yield classification.again(part_of(speaker, item))
        else:
            receiver.strays.setdefault(column, set()).add(item)
            yield Kind.REPLAYED, "DELIVER-10"
    elif item >= start:
        yield classification.again(part_of(speaker, item))
    else:
        # The items that are due begin earlier than thought.
        receiver.start[column] = item
        if following == start and not has_left:
            receiver.expected[column] = item + 1
        else:
            yield late
            _overtake(speaker, receiver, range(item + 1, start), at, outages)


def _once(speaker: StreamingConnection, receiver: StreamingConnection, item: int) -> Iterator[Violation]:
    """A leave notice, or a receiver's own join notice: it may come, but once."""
    column = speaker.column
    if item in receiver.strays.get(column, ()):
        yield classification.again(Part.LEAVE if item == LEAVE else Part.JOIN)
    elif item != LEAVE and receiver.has_heard(column):
        yield classification.late(Part.JOIN, after_leave=False)
    receiver.strays.setdefault(column, set()).add(item)


def _take_earlier(
    roster: RoomState, speaker: StreamingConnection, receiver: StreamingConnection, item: int
) -> Iterator[Violation]:
    """An item that a server with `history` may tell a receiver that has come: once, in order, and no notice."""
    column = speaker.column
    told, strays = receiver.earlier.setdefault(column, IntRuns()), receiver.strays.setdefault(column, set())
    has_left = LEAVE in strays
    has_heard_later = has_left or receiver.has_heard(column)
    part = Part.LEAVE if item == LEAVE else part_of(speaker, item)
    if item in strays or item in told:
        yield classification.again(part)
        return
    is_late = item < told.following
    if part is Part.JOIN and roster.floor(speaker, receiver) > 0:
        yield Kind.REPLAYED, "DELIVER-10"
    elif item != LEAVE and (is_late or has_heard_later):
        yield classification.late(part, after_leave=has_left)
    if item == LEAVE or is_late:
        strays.add(item)
    else:
        told.add(item)


def _overtake(
    speaker: StreamingConnection, receiver: StreamingConnection, items: range, at: int, outages: list[LiveFaultWindow]
) -> None:
    """Remember what was overtaken, and when."""
    holes = receiver.holes.setdefault(speaker.column, {})
    for item in items:
        is_excused = any(outage.excuses(speaker, receiver, item, at) for outage in outages)
        holes[item] = EXCUSED if is_excused else at


def of_departed(
    departed: DepartedSender, part: Part, receiver: StreamingConnection, roster: RoomState
) -> Violation | None:
    """What is wrong if something comes of a speaker that is long gone; None if that may only be late.

    It is a copy, if its receiver had got all of that speaker, or came when everybody else had. Of one of whom nobody
    has heard, whose handshake was given up or who died at once, the server may hear that late itself.
    """
    if not departed.was_heard:
        return None
    if not departed.is_whole or roster.sticky or roster.outages or receiver.paused_before or not roster.stays(receiver):
        return None
    if receiver.evidence_at is not None and receiver.evidence_at < departed.ended_at:
        return classification.late(part, after_leave=True)
    if part is Part.MESSAGE and roster.replays:
        return None  # it is told because it has come
    if part is Part.LEAVE and not departed.has_left:
        return None  # it is late, which nobody was left to miss
    if receiver.opening.at > departed.settled_at and roster.one_instance:
        return Kind.REPLAYED, "DELIVER-10"
    return None

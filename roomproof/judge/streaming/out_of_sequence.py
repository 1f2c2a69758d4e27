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
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int, at: int
) -> Iterator[Violation]:
    """Take down that an item came that was not expected next; what is wrong with that."""
    if state.are_apart(sender, receiver):
        yield Kind.LEAKED, "STICKY-4"
        return
    if state.may_be_earlier(sender, receiver, item):
        yield from _take_earlier(state, sender, receiver, item)
        return
    column = sender.column
    fault_windows, certain = state.fault_windows, state.is_certain(sender, receiver)
    if item == LEAVE or (sender is receiver and item == 0):
        yield from _once(sender, receiver, item)
        if item == LEAVE and receiver.expected[column] != LEFT:
            following = receiver.expected[column]
            if certain or receiver.has_heard(column):
                _overtake(sender, receiver, range(following, sender.leave), at, fault_windows)
            receiver.departed[column] = sender.leave
            receiver.expected[column] = LEFT
        return
    has_left = receiver.expected[column] == LEFT
    following, start = receiver.next_of(column), receiver.start[column]
    late = classification.late(part_of(sender, item), after_leave=has_left)
    holes = receiver.holes.get(column, {})
    if item in holes:
        del holes[item]
        yield late
    elif item >= following:
        if certain or following != start:
            _overtake(sender, receiver, range(following, item), at, fault_windows)
        else:
            receiver.start[column] = item
        receiver.expected[column] = item + 1
    elif item < receiver.floor[column]:
        if item in receiver.strays.get(column, ()):
            yield classification.again(part_of(sender, item))
        else:
            receiver.strays.setdefault(column, set()).add(item)
            yield Kind.REPLAYED, "DELIVER-10"
    elif item >= start:
        yield classification.again(part_of(sender, item))
    else:
        # The items that are due begin earlier than thought.
        receiver.start[column] = item
        if following == start and not has_left:
            receiver.expected[column] = item + 1
        else:
            yield late
            _overtake(sender, receiver, range(item + 1, start), at, fault_windows)


def _once(sender: StreamingConnection, receiver: StreamingConnection, item: int) -> Iterator[Violation]:
    """A leave notice, or a receiver's own join notice: it may come, but once."""
    column = sender.column
    if item in receiver.strays.get(column, ()):
        yield classification.again(Part.LEAVE if item == LEAVE else Part.JOIN)
    elif item != LEAVE and receiver.has_heard(column):
        yield classification.late(Part.JOIN, after_leave=False)
    receiver.strays.setdefault(column, set()).add(item)


def _take_earlier(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int
) -> Iterator[Violation]:
    """An item that a server with `history` may tell a receiver that has come: once, in order, and no notice."""
    column = sender.column
    told, strays = receiver.earlier.setdefault(column, IntRuns()), receiver.strays.setdefault(column, set())
    has_left = LEAVE in strays
    has_heard_later = has_left or receiver.has_heard(column)
    part = Part.LEAVE if item == LEAVE else part_of(sender, item)
    if item in strays or item in told:
        yield classification.again(part)
        return
    is_late = item < told.following
    if part is Part.JOIN and state.floor(sender, receiver) > 0:
        yield Kind.REPLAYED, "DELIVER-10"
    elif item != LEAVE and (is_late or has_heard_later):
        yield classification.late(part, after_leave=has_left)
    if item == LEAVE or is_late:
        strays.add(item)
    else:
        told.add(item)


def _overtake(
    sender: StreamingConnection,
    receiver: StreamingConnection,
    items: range,
    at: int,
    fault_windows: list[LiveFaultWindow],
) -> None:
    """Remember what was overtaken, and when."""
    holes = receiver.holes.setdefault(sender.column, {})
    for item in items:
        is_excused = any(window.excuses(sender, receiver, item, at) for window in fault_windows)
        holes[item] = EXCUSED if is_excused else at


def of_departed(
    departed: DepartedSender, part: Part, receiver: StreamingConnection, state: RoomState
) -> Violation | None:
    """What is wrong if something comes of a sender that is long gone; None if that may only be late.

    It is a copy, if its receiver had got all of that sender, or came when everybody else had. Of one of whom nobody
    has heard, whose handshake was given up or who died at once, the server may hear that late itself.
    """
    if not departed.was_heard:
        return None
    if not departed.is_whole or state.sticky or state.fault_windows or receiver.has_paused or not state.stays(receiver):
        return None
    if receiver.evidence_at is not None and receiver.evidence_at < departed.ended_at:
        return classification.late(part, after_leave=True)
    if part is Part.MESSAGE and state.replays:
        return None  # it is told because it has come
    if part is Part.LEAVE and not departed.has_left:
        return None  # it is late, which nobody was left to miss
    if receiver.opening.at > departed.settled_at and state.one_instance:
        return Kind.REPLAYED, "DELIVER-10"
    return None

"""Items under load that are not the one expected next."""

from roomproof.judge import classification, facts
from roomproof.judge.classification import JOIN_NOTICE, Part, Violation
from roomproof.judge.streaming.connection import EXCUSED, LEAVE, LEFT, StreamingConnection, part_of_item
from roomproof.judge.streaming.int_runs import IntRuns
from roomproof.judge.streaming.state import RoomState


def record_item(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int, at: int
) -> Violation | None:
    """Record an item that was not the one expected next, and return its violation."""
    if state.are_apart(sender, receiver):
        return classification.LEAKED_ITEM
    if state.may_be_history(sender, receiver, item):
        return _record_history(state, sender, receiver, item)
    if item == LEAVE:
        return _record_leave(state, sender, receiver, at)
    if sender is receiver and item == JOIN_NOTICE:
        return _record_own_join(receiver)
    if item in receiver.holes.get(sender.column, ()):
        return _record_late(sender, receiver, item)
    if item >= receiver.next_of(sender.column):
        _record_early(state, sender, receiver, item, at)
        return None
    return _record_past(state, sender, receiver, item, at)


def _record_history(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int
) -> Violation | None:
    """Record an item sent because its receiver joined a server with `history`.

    Messages may be repeated like that, each once and in order.

    alice  has sent 1, 2, 3       bob    joins, and receives 1, 3    fine: some of the past, in order
                                  bob    receives 2                  reordered
                                  bob    receives 3                  duplicated
                                  bob    receives alice's join       replayed
    """
    column = sender.column
    repeated = receiver.repeated.setdefault(column, IntRuns())
    extras = receiver.extras.setdefault(column, set())
    part = Part.LEAVE if item == LEAVE else part_of_item(sender, item)
    if item in extras or item in repeated:
        return classification.again(part)
    has_left = LEAVE in extras
    is_late = item < repeated.following
    if item == LEAVE or is_late:
        extras.add(item)
    else:
        repeated.add(item)
    if item == LEAVE:
        return None
    if facts.is_replayed(item, state.floor(sender, receiver), may_be_repeated=state.may_be_repeated(part)):
        return classification.REPLAYED_ITEM
    if is_late or has_left or receiver.has_received_from(column):
        return classification.out_of_order(part, after_leave=has_left)
    return None


def _record_leave(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, at: int
) -> Violation | None:
    """Record a leave notice. Messages that were due before it are overtaken."""
    column = sender.column
    extras = receiver.extras.setdefault(column, set())
    violation = classification.again(Part.LEAVE) if LEAVE in extras else None
    extras.add(LEAVE)
    following = receiver.expected[column]
    if following != LEFT:
        if state.is_certain_audience(sender, receiver) or receiver.has_received_from(column):
            _overtake(state, sender, receiver, range(following, sender.leave), at)
        receiver.expected_at_leave[column] = sender.leave
        receiver.expected[column] = LEFT
    return violation


def _record_own_join(receiver: StreamingConnection) -> Violation | None:
    """Record the receiver's own join notice, which may arrive once, before all else."""
    column = receiver.column
    extras = receiver.extras.setdefault(column, set())
    if JOIN_NOTICE in extras:
        return classification.again(Part.JOIN)
    extras.add(JOIN_NOTICE)
    return classification.out_of_order(Part.JOIN, after_leave=False) if receiver.has_received_from(column) else None


def _record_late(sender: StreamingConnection, receiver: StreamingConnection, item: int) -> Violation:
    """Record an item that a later one had overtaken."""
    column = sender.column
    del receiver.holes[column][item]
    return classification.out_of_order(part_of_item(sender, item), after_leave=receiver.expected[column] == LEFT)


def _record_early(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int, at: int
) -> None:
    """Record an item beyond the expected one. What was due between is overtaken.

    If nothing of the sender arrived before, and the receiver might be on another instance, nothing was due.
    """
    column = sender.column
    following = receiver.next_of(column)
    if state.is_certain_audience(sender, receiver) or following != receiver.start[column]:
        _overtake(state, sender, receiver, range(following, item), at)
    else:
        receiver.start[column] = item
    receiver.expected[column] = item + 1


def _record_past(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, item: int, at: int
) -> Violation | None:
    """Record an item before the expected one that is no hole.

    It is replayed, or a second copy, or shows an earlier start of what is due.
    """
    column = sender.column
    part = part_of_item(sender, item)
    if facts.is_replayed(item, receiver.floor[column], may_be_repeated=False):
        extras = receiver.extras.setdefault(column, set())
        if item in extras:
            return classification.again(part)
        extras.add(item)
        return classification.REPLAYED_ITEM
    start, has_left = receiver.start[column], receiver.expected[column] == LEFT
    if item >= start:
        return classification.again(part)
    # The membership began earlier than the evidence showed: what is due begins here.
    receiver.start[column] = item
    if receiver.next_of(column) == start and not has_left:
        receiver.expected[column] = item + 1
        return None
    _overtake(state, sender, receiver, range(item + 1, start), at)
    return classification.out_of_order(part, after_leave=has_left)


def _overtake(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection, items: range, at: int
) -> None:
    """Note that items were overtaken at some time, or are excused by a fault."""
    holes = receiver.holes.setdefault(sender.column, {})
    for item in items:
        is_excused = state.is_excused(sender, receiver, item, at)
        holes[item] = EXCUSED if is_excused else at

"""What is still missing once everything due has had its time: the end of the streaming form."""

from collections.abc import Iterator

from roomproof.judge import classification
from roomproof.judge.classification import MissingItem
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.connection import (
    APART,
    EXCUSED,
    LEAVE,
    LEFT,
    EarlyLeave,
    StreamingConnection,
    name_of,
    part_of,
)
from roomproof.judge.streaming.out_of_sequence import take
from roomproof.judge.streaming.state import RoomState

SHOWN_CHARACTERS = 300
"""So much is shown of a frame that one receiver got and another did not."""

NEVER = 2**63
"""Later than any time."""


def settle(state: RoomState, sender: StreamingConnection) -> None:
    """Find what is missing of a sender to those who may still hear something, and what early leaves of it were."""
    if not sender.has_begun_to_end:
        _judge_early_leaves(state, sender, NEVER if sender.opened and not sender.has_paused else None)
    for number, item, overtaken_at in sender.last_words:
        if item <= sender.last:
            state.tally.note(_lost(state, sender, number, item, overtaken_at))
    for receiver in state.receivers:
        if receiver.evidence_at is not None and receiver.expected[sender.column] != APART:
            stays = state.stays(receiver) and receiver.expected[sender.column] != LEFT
            items = [*_due_to_one_who_stays(state, sender, receiver)] if stays else []
            has_heard = receiver.has_heard(sender.column)
            count_delivered(state, sender, receiver)
            settle_holes(state, sender, receiver)
            for item in items:
                if not any(window.excuses(sender, receiver, item, None) for window in state.fault_windows):
                    state.tally.note(_lost(state, sender, receiver.number, item, last_words=has_heard))


def awaits(state: RoomState, sender: StreamingConnection) -> bool:
    """Whether something of a sender is due and has not arrived."""
    return next(_awaiting(state, sender), None) is not None


def awaited(state: RoomState, sender: StreamingConnection) -> dict[int, int]:
    """To whom something of a sender is due and has not arrived, by number: what each expects next."""
    return {receiver.number: receiver.expected[sender.column] for receiver in _awaiting(state, sender)}


def _awaiting(state: RoomState, sender: StreamingConnection) -> Iterator[StreamingConnection]:
    column = sender.column
    return (
        receiver
        for receiver in state.receivers
        if receiver.evidence_at is not None
        and receiver.expected[column] not in (APART, LEFT)
        and state.stays(receiver)
        and next(_due_to_one_who_stays(state, sender, receiver), None) is not None
    )


def settle_holes(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """What was overtaken and did not come is lost; the last words of one who died only if they reached anyone."""
    holes = receiver.holes.pop(sender.column, {})
    state.tally.delivered -= len(holes)
    # What only the leave overtook are its last words.
    last_words = sender.leave
    while receiver.expected[sender.column] == LEFT and last_words - 1 in holes:
        last_words -= 1
    for item, overtaken_at in holes.items():
        if overtaken_at == EXCUSED:
            continue
        if item > sender.last:
            sender.last_words.append((receiver.number, item, overtaken_at))
            continue
        has_heard = item >= last_words > receiver.start[sender.column]
        state.tally.note(_lost(state, sender, receiver.number, item, overtaken_at, last_words=has_heard))


def count_delivered(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """Add up what came of a sender, now that nothing more is counted; what was overtaken is deducted with its loss."""
    if receiver.expected[sender.column] != APART:
        state.tally.delivered += receiver.next_of(sender.column) - receiver.start[sender.column]


def never_joined(state: RoomState, connection: StreamingConnection) -> bool:
    """Whether a member stayed, said something that was due to be echoed, and showed no evidence of membership."""
    if (
        connection.evidence_at is not None
        or not connection.said
        or not connection.admitted
        or not state.stays(connection)
    ):
        return False
    return not any(window.excuses(connection, connection, connection.said, None) for window in state.fault_windows)


def judge_early_leaves(state: RoomState, sender: StreamingConnection) -> None:
    """Whether leave notices came before their subject began to end: only an answered Close of its own tells."""
    if sender.closing is not None and sender.closed is None and sender.dying is None:
        return
    _judge_early_leaves(state, sender, sender.own_end_at if sender.certainly_closed_first else None)


def _judge_early_leaves(state: RoomState, sender: StreamingConnection, since: int | None) -> None:
    """Leave notices that came before the time `since` are phantoms; the others are taken as if they came now."""
    early, sender.early_leaves = sender.early_leaves, []
    certain_until = 0 if since is None else since
    for leave in early:
        receiver, at, received = leave.receiver, leave.at, (leave.frame, leave.at)
        if at < certain_until and not state.is_covered(sender, at):
            text = f"{sender.user!r} left, who is still here"
            state.find(receiver, Kind.PHANTOM, "DELIVER-14", text, sender.number, received=received)
        else:
            sender.high[receiver.instance] = sender.leave
            state.raise_floors(sender, receiver.instance, at)
            name = f"the leave notice of {sender.user!r}"
            if leave.lapse:
                text = f"{name} {leave.lapse}"
                state.find(receiver, Kind.WRONG_TIME, "DELIVER-9", text, sender.number, sender.leave, received)
            for item in _came_after(leave, sender):
                kind, rule = classification.late(part_of(sender, item), after_leave=True)
                text = f"{name_of(sender, item)} came after {name}"
                state.find(receiver, kind, rule, text, sender.number, item, received)
            is_counted = receiver.gone_at is not None and receiver.evidence_at is not None
            before = receiver.next_of(sender.column) if is_counted else 0
            for kind, rule in take(state, sender, receiver, LEAVE, at):
                state.find(receiver, kind, rule, name, sender.number, sender.leave, received)
            if is_counted:
                state.tally.delivered += receiver.next_of(sender.column) - before
                settle_holes(state, sender, receiver)


def _came_after(leave: EarlyLeave, sender: StreamingConnection) -> list[int]:
    """What its receiver got of the subject of an early leave after that."""
    span = leave.receiver.span_of(sender.column)
    if leave.heard is None or span is None or leave.receiver.expected[sender.column] == LEFT:
        return []
    (first, following), (start, end) = leave.heard, span
    items = (*range(start, min(first, end)), *range(max(start, following), end))
    return [item for item in items if item not in leave.receiver.holes.get(sender.column, ())]


def _due_to_one_who_stays(
    state: RoomState, sender: StreamingConnection, receiver: StreamingConnection
) -> Iterator[int]:
    """What a receiver still waits for."""
    column = sender.column
    following = receiver.expected[column]
    ended = sender.ended_at is not None
    if sender is not receiver and not receiver.has_heard(column):
        if not state.is_certain(sender, receiver) or sender.maybe_never_joined:
            return
        if following > sender.last:
            # Nobody heard that, so the server may have ended the stream before: only an end of its own is later.
            own = sender.own_end_at if sender.apparently_ended_first else None
            if own is None or receiver.evidence_at is None or own <= receiver.evidence_at:
                return
            has_heard = sender.has_heard(receiver.column) or sender.earlier.get(receiver.column)
            if not sender.certainly_closed_first and not has_heard:
                return  # the server may have ended it before: were_together in offline/expected.py
    yield from range(following, sender.last + 1)
    if ended:
        yield sender.leave


def _lost(
    state: RoomState,
    sender: StreamingConnection,
    receiver: int,
    item: int,
    overtaken_at: int | None = None,
    *,
    last_words: bool = False,
) -> Finding:
    """An item that a receiver was due and never got.

    `overtaken_at`: when something later of the sender came; `last_words`: no later message, but something before.
    """
    circumstances = MissingItem(
        own=sender.number == receiver, died=sender.died, last_words=sender.closed_cleanly and last_words
    )
    kind, rule = classification.missing(part_of(sender, item), circumstances)
    seen = state.frame_of(sender, item)
    text = f"{name_of(sender, item)} is due and did not arrive"
    if overtaken_at is not None:
        seconds = (overtaken_at - sender.opening.at) / NS_PER_S
        text += f"; what follows it had, {seconds:.3f} s after {sender.user!r} came"
    if seen:
        text += f"; others received {seen[:SHOWN_CHARACTERS]}"
    is_hole = overtaken_at is not None
    return Finding(kind, rule, receiver, text, sender.number, item, hole=is_hole, witness=sender.life)

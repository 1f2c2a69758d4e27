"""The final accounting: what is missing once everything due had its time."""

from collections.abc import Iterator

from roomproof.judge import classification, facts, texts
from roomproof.judge.classification import Loss
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Finding
from roomproof.judge.streaming.connection import (
    APART,
    EXCUSED,
    LEFT,
    MissingItem,
    StreamingConnection,
    part_of_item,
)
from roomproof.judge.streaming.state import RoomState

KEPT_LOSSES = 1_000
"""Number of items of one sender that are remembered as lost to receivers that are gone."""

SHOWN_CHARACTERS = 300
"""Number of characters shown of a frame that one receiver received and another did not."""


def report_missing(state: RoomState, sender: StreamingConnection) -> None:
    """Report what is missing of a sender, by one rule for each item."""
    for receiver in state.receivers:
        if receiver.evidence_at is not None and receiver.expected[sender.column] != APART:
            _collect_missing(state, sender, receiver)
    last_due, leave = sender.last_due, sender.leave
    missing = [one for one in sender.missing if one.item <= last_due or one.item == leave]
    sender.missing = []
    elsewhere = {one.item for one in missing if one.receiver != sender.number} | sender.lost.keys()
    near = {one.item for one in missing if not one.crosses} | {item for item, near in sender.lost.items() if near}
    overtaken = {one.item for one in missing if one.is_overtaken} | sender.lost.keys()
    for one in missing:
        loss = Loss(
            is_own_only=one.item not in elsewhere,
            is_crossing=one.item not in near,
            is_overtaken=one.item in overtaken,
            is_last=one.item > sender.highest_message,
        )
        state.note(_lost(state, sender, one, loss))


def _collect_missing(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """Collect what one receiver lacks of a sender: holes, then the end of the stream."""
    stays = state.stays(receiver) and receiver.expected[sender.column] != LEFT
    missing = [*_missing_at_end(state, sender, receiver)] if stays else []
    sender.missing += _holes(state, sender, receiver)
    for item in missing:
        if not state.is_excused(sender, receiver, item):
            sender.missing.append(MissingItem(receiver.number, item, crosses=state.crosses(sender, receiver)))


def settle_holes(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """Settle the holes of a receiver that is gone.

    They are lost to it, which is reported at once. But once the sender has begun to end, its end decides which items
    are due and by which rule: then they wait until its stream is settled. So do its own echoes.
    """
    must_wait = sender is receiver or sender.has_begun_to_end
    for one in _holes(state, sender, receiver):
        if must_wait or one.item > sender.last_due or not one.is_overtaken:
            sender.missing.append(one)
            continue
        loss = Loss(is_crossing=one.crosses, is_overtaken=True)
        state.note(_lost(state, sender, one, loss))
        if len(sender.lost) < KEPT_LOSSES:
            sender.lost[one.item] = sender.lost.get(one.item, False) or not one.crosses


def _holes(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> list[MissingItem]:
    """Remove and return the items that a later one overtook and no fault excuses."""
    holes = receiver.holes.pop(sender.column, None)
    if not holes or not state.is_due_to(sender, receiver):
        return []
    tail = _tail(sender, receiver, holes)
    crosses = state.crosses(sender, receiver)
    return [
        MissingItem(receiver.number, item, overtaken_at, is_overtaken=item < tail, crosses=crosses)
        for item, overtaken_at in holes.items()
        if overtaken_at != EXCUSED
    ]


def _tail(sender: StreamingConnection, receiver: StreamingConnection, holes: dict[int, int]) -> int:
    """The first of the holes that only the leave notice overtook.

    The number of the leave notice, if there is none.
    """
    tail = sender.leave
    while receiver.expected[sender.column] == LEFT and tail - 1 in holes:
        tail -= 1
    return tail


def lacking(state: RoomState, sender: StreamingConnection) -> Iterator[StreamingConnection]:
    """The receivers that lack an item of a sender that is due and has not arrived."""
    column = sender.column
    return (
        receiver
        for receiver in state.receivers
        if receiver.evidence_at is not None
        and receiver.expected[column] not in (APART, LEFT)
        and state.stays(receiver)
        and next(_missing_at_end(state, sender, receiver), None) is not None
    )


def never_joined(state: RoomState, connection: StreamingConnection) -> bool:
    """Whether a connection was let in and never became a member (JOIN-2)."""
    is_evident = connection.evidence_at is not None
    return not is_evident and facts.never_joined(
        connection,
        is_evident=is_evident,
        stays=state.stays(connection),
        is_sign_due=_is_echo_due(state, connection) if state.has_echo else _is_word_due(state, connection),
    )


def _is_echo_due(state: RoomState, connection: StreamingConnection) -> bool:
    return connection.sent > 0 and not state.is_excused(connection, connection, connection.sent)


def _is_word_due(state: RoomState, connection: StreamingConnection) -> bool:
    """Whether a member of the room said something long after a connection was let in."""
    opened = connection.opened
    return opened is not None and any(
        one.last_sent_at > opened.at + state.membership_ns
        and one.sent <= one.last_due
        and not state.is_excused(one, connection, one.sent)
        for one in state.connections()
        if one is not connection and one.evidence_at is not None and state.is_certain_audience(one, connection)
    )


def _missing_at_end(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> Iterator[int]:
    """The items at the end of a stream that a staying receiver is due and lacks."""
    column = sender.column
    following = receiver.expected[column]
    if not state.is_audience(sender, receiver) or not state.is_due_to(sender, receiver):
        return
    has_received = sender is receiver or receiver.has_received_from(column)
    if not has_received and following > sender.last_due and not _is_leave_due(sender, receiver):
        return
    yield from range(following, sender.last_due + 1)
    if sender.has_ended() and state.has_notices:
        yield sender.leave


def _is_leave_due(sender: StreamingConnection, receiver: StreamingConnection) -> bool:
    """Whether the leave notice of a sender is due to a receiver that is due no more.

    The server might have ended the sender before the receiver came: only an end of the sender's own is certainly later.

        alice  sends "soup"               bob    receives it: evidence of bob
        alice  closes, is answered        bob    is due her leave notice
    """
    left_at = sender.apparently_left_at
    if left_at is None or receiver.evidence_at is None or left_at <= receiver.evidence_at:
        return False
    has_received = sender.has_received_from(receiver.column) or bool(sender.repeated.get(receiver.column))
    return facts.were_together(sender, has_received=has_received)


def _lost(state: RoomState, sender: StreamingConnection, missing: MissingItem, loss: Loss) -> Finding:
    """The finding of an item that a receiver was due and never received."""
    item, overtaken_at = missing.item, missing.overtaken_at
    part = part_of_item(sender, item)
    kind, rule = classification.missing(part, sender, loss)
    details = []
    if overtaken_at is not None:
        seconds = (overtaken_at - sender.opening.at) / NS_PER_S
        details.append(f"a later item arrived, {seconds:.3f} s after {sender.user!r} began to connect")
    seen = state.frame_of(sender, item)
    if seen:
        details.append(f"others received {seen[:SHOWN_CHARACTERS]}")
    text = texts.item_finding(kind, part, item, sender.user)
    detail, hole = "; ".join(details), overtaken_at is not None
    return Finding(
        kind, rule, missing.receiver, text, sender.number, item, hole=hole, witness=sender.life, detail=detail
    )

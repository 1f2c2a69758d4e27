"""The final accounting: what is missing once everything due had its time."""

from collections.abc import Iterator

from roomproof.judge import classification, facts, texts
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Finding
from roomproof.judge.streaming.connection import APART, EXCUSED, LEFT, StreamingConnection, part_of_item
from roomproof.judge.streaming.state import RoomState

SHOWN_CHARACTERS = 300
"""Number of characters shown of a frame that one receiver received and another did not."""


def report_missing(state: RoomState, sender: StreamingConnection) -> None:
    """Report what is missing of a sender at all receivers that are not gone."""
    for receiver, item, overtaken_at in sender.uncertain_holes:
        if item <= sender.last_due:
            state.tally.note(_lost(state, sender, receiver, item, overtaken_at))
    for one in state.receivers:
        if one.evidence_at is not None and one.expected[sender.column] != APART:
            _report_missing_at(state, sender, one)


def _report_missing_at(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """Report what one receiver lacks of a sender: holes, then the end of the stream."""
    stays = state.stays(receiver) and receiver.expected[sender.column] != LEFT
    missing = [*_missing_at_end(state, sender, receiver)] if stays else []
    is_tail = receiver.has_received_any(sender.column)
    settle_holes(state, sender, receiver)
    for item in missing:
        if not state.is_excused(sender, receiver, item):
            state.tally.note(_lost(state, sender, receiver.number, item, is_tail=is_tail))


def settle_holes(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> None:
    """Report the items that a later one overtook and that did not arrive.

    Whether the last items of a sender whose link died are due is not known yet: only if they reached anyone.
    """
    holes = receiver.holes.pop(sender.column, {})
    tail = _tail(sender, receiver, holes)
    for item, overtaken_at in holes.items():
        if overtaken_at == EXCUSED:
            continue
        if item > sender.last_due:
            sender.uncertain_holes.append((receiver.number, item, overtaken_at))
            continue
        state.tally.note(_lost(state, sender, receiver.number, item, overtaken_at, is_tail=item >= tail))


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
    is_echo_due = connection.sent > 0 and not state.is_excused(connection, connection, connection.sent)
    return facts.never_joined(
        connection,
        is_evident=connection.evidence_at is not None,
        stays=state.stays(connection),
        is_echo_due=is_echo_due,
    )


def _missing_at_end(state: RoomState, sender: StreamingConnection, receiver: StreamingConnection) -> Iterator[int]:
    """The items at the end of a stream that a staying receiver is due and lacks."""
    column = sender.column
    following = receiver.expected[column]
    if sender is not receiver and not receiver.has_received_from(column):
        if not state.is_certain_audience(sender, receiver) or sender.maybe_never_joined:
            return
        if following > sender.last_due and not _is_leave_due(sender, receiver):
            return
    yield from range(following, sender.last_due + 1)
    if sender.has_ended():
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


def _lost(
    state: RoomState,
    sender: StreamingConnection,
    receiver: int,
    item: int,
    overtaken_at: int | None = None,
    *,
    is_tail: bool = False,
) -> Finding:
    """The finding of an item that a receiver was due and never received.

    `overtaken_at`: when a later item of the sender arrived; `is_tail`: no later message did, but another item.
    """
    part = part_of_item(sender, item)
    kind, rule = classification.missing(part, sender, is_own=sender.number == receiver, is_tail=is_tail)
    details = []
    if overtaken_at is not None:
        seconds = (overtaken_at - sender.opening.at) / NS_PER_S
        details.append(f"a later item arrived, {seconds:.3f} s after {sender.user!r} began to connect")
    seen = state.frame_of(sender, item)
    if seen:
        details.append(f"others received {seen[:SHOWN_CHARACTERS]}")
    text = texts.item_finding(kind, part, item, sender.user)
    is_hole = overtaken_at is not None
    return Finding(
        kind, rule, receiver, text, sender.number, item, hole=is_hole, witness=sender.life, detail="; ".join(details)
    )

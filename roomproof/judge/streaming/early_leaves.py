"""Leave notices that arrived before any end of their sender was known.

The server might have ended the sender, and its Close frame might be on its way to the client. So these notices are
kept, and judged once it is known how the sender ended.
"""

from roomproof.judge import classification, texts
from roomproof.judge.classification import Part
from roomproof.judge.findings import Kind, quoted
from roomproof.judge.streaming.connection import LEAVE, LEFT, EarlyLeave, StreamingConnection, part_of_item
from roomproof.judge.streaming.final_accounting import settle_holes
from roomproof.judge.streaming.out_of_sequence import record_item
from roomproof.judge.streaming.state import RoomState


def judge_early_leaves(state: RoomState, sender: StreamingConnection) -> None:
    """Judge the early leave notices of a sender.

    Wait, if the sender still waits for the answer to its Close frame. Those that arrived while neither side had
    certainly begun to end it are phantoms. The others are recorded as if they arrived now.
    """
    if sender.closing is not None and sender.closed is None and sender.dying is None:
        return
    early, sender.early_leaves = sender.early_leaves, []
    for leave in early:
        if leave.at < sender.certainly_open_until and not state.is_touched_by_fault(sender, leave.at):
            users = (one.user for one in state.connections())
            text = texts.leave_of_open_connection(quoted(sender.user, *users))
            violation = Kind.PHANTOM, "DELIVER-14"
            state.report(leave.receiver, violation, text, sender.number, received=(leave.frame, leave.at))
        else:
            _record(state, sender, leave)


def _record(state: RoomState, sender: StreamingConnection, leave: EarlyLeave) -> None:
    """Record an early leave notice, and what arrived after it."""
    receiver, received = leave.receiver, (leave.frame, leave.at)
    sender.highest_by_instance[receiver.instance] = sender.leave
    state.raise_floors(sender, receiver.instance, leave.at)
    if leave.lapse is not None:
        text = leave.lapse.text(Part.LEAVE, sender.leave, sender.user)
        violation = Kind.WRONG_TIME, "DELIVER-9"
        state.report(receiver, violation, text, sender.number, sender.leave, received, leave.lapse.detail)
    for item in _received_after(leave, sender):
        part = part_of_item(sender, item)
        late = classification.out_of_order(part, after_leave=True)
        text = texts.item_finding(late[0], part, item, sender.user)
        state.report(receiver, late, text, sender.number, item, received)
    violation_of_leave = record_item(state, sender, receiver, LEAVE, leave.at)
    if violation_of_leave is not None:
        text = texts.item_finding(violation_of_leave[0], Part.LEAVE, sender.leave, sender.user)
        state.report(receiver, violation_of_leave, text, sender.number, sender.leave, received)
    if receiver.gone_at is not None and receiver.evidence_at is not None:
        settle_holes(state, sender, receiver)


def _received_after(leave: EarlyLeave, sender: StreamingConnection) -> list[int]:
    """The items that the receiver of an early leave notice received after it."""
    span = leave.receiver.span_of(sender.column)
    if leave.span is None or span is None or leave.receiver.expected[sender.column] == LEFT:
        return []
    (first, following), (start, end) = leave.span, span
    items = (*range(start, min(first, end)), *range(max(start, following), end))
    return [item for item in items if item not in leave.receiver.holes.get(sender.column, ())]

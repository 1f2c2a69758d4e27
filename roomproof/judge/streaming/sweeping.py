"""Sweeping: streams that ended a deadline ago are settled, their columns freed."""

from roomproof.judge.streaming import final_accounting
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.decoding import Decoder
from roomproof.judge.streaming.early_leaves import judge_early_leaves
from roomproof.judge.streaming.state import RoomState


def sweep(state: RoomState, decoder: Decoder, deadline: int, now: int) -> None:
    """Settle the streams that ended a deadline ago, unless items still arrive.

    Times are nanoseconds.
    """
    for sender in state.connections():
        if sender.gone_at is None:
            continue
        _note_progress(state, sender, now)
        if sender.gone_at + deadline <= now and not _is_arriving(state, sender, deadline, now):
            findings = state.tally.counts.total()
            close_stream(state, sender)
            state.forget(sender)
            decoder.forget(sender, now, is_whole=findings == state.tally.counts.total())


def close_stream(state: RoomState, sender: StreamingConnection) -> None:
    """Report what is missing of a sender, and judge its early leave notices.

    Early leave notices are judged already if the sender has begun to end.
    """
    if not sender.has_begun_to_end:
        judge_early_leaves(state, sender)
    final_accounting.report_missing(state, sender)


def _is_arriving(state: RoomState, sender: StreamingConnection, deadline: int, now: int) -> bool:
    """Whether items of a sender might still arrive.

    A slow reader has not read them, or a slow server goes on delivering. A slow server loses nothing as long as no
    deadline passes in which no missing item arrives.
    """
    if state.is_awaited_by_slow_reader(sender, now - deadline):
        return True
    return bool(sender.awaited_by) and sender.progress_at + deadline > now


def _note_progress(state: RoomState, sender: StreamingConnection, now: int) -> None:
    """Note who lacks items of a sender, and whether any arrived since the last sweep.

    A receiver that lacks nothing any more because it left has received nothing.
    """
    awaited_by = {one.number: one.expected[sender.column] for one in final_accounting.lacking(state, sender)}
    if sender.awaited_by:
        staying = {one.number for one in state.receivers if state.stays(one)}
        before = [(number, item) for number, item in sender.awaited_by.items() if number in staying]
        if any(awaited_by.get(number) != item for number, item in before):
            sender.progress_at = now
    sender.awaited_by = awaited_by

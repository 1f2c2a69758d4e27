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


def settle(roster: RoomState, speaker: StreamingConnection) -> None:
    """Find what is missing of a speaker to those who may still hear something, and what early leaves of it were."""
    if not speaker.has_begun_to_end:
        _judge_early_leaves(roster, speaker, NEVER if speaker.opened and not speaker.paused_before else None)
    for number, item, overtaken_at in speaker.last_words:
        if item <= speaker.last:
            roster.ledger.note(_lost(roster, speaker, number, item, overtaken_at))
    for receiver in roster.receivers:
        if receiver.evidence_at is not None and receiver.expected[speaker.column] != APART:
            stays = roster.stays(receiver) and receiver.expected[speaker.column] != LEFT
            items = [*_due_to_one_who_stays(roster, speaker, receiver)] if stays else []
            has_heard = receiver.has_heard(speaker.column)
            count_delivered(roster, speaker, receiver)
            settle_holes(roster, speaker, receiver)
            for item in items:
                if not any(outage.excuses(speaker, receiver, item, None) for outage in roster.outages):
                    roster.ledger.note(_lost(roster, speaker, receiver.number, item, last_words=has_heard))


def awaits(roster: RoomState, speaker: StreamingConnection) -> bool:
    """Whether something of a speaker is due and has not arrived."""
    return next(_awaiting(roster, speaker), None) is not None


def awaited(roster: RoomState, speaker: StreamingConnection) -> dict[int, int]:
    """To whom something of a speaker is due and has not arrived, by number: what each expects next."""
    return {receiver.number: receiver.expected[speaker.column] for receiver in _awaiting(roster, speaker)}


def _awaiting(roster: RoomState, speaker: StreamingConnection) -> Iterator[StreamingConnection]:
    column = speaker.column
    return (
        receiver
        for receiver in roster.receivers
        if receiver.evidence_at is not None
        and receiver.expected[column] not in (APART, LEFT)
        and roster.stays(receiver)
        and next(_due_to_one_who_stays(roster, speaker, receiver), None) is not None
    )


def settle_holes(roster: RoomState, speaker: StreamingConnection, receiver: StreamingConnection) -> None:
    """What was overtaken and did not come is lost; the last words of one who died only if they reached anyone."""
    holes = receiver.holes.pop(speaker.column, {})
    roster.ledger.delivered -= len(holes)
    # What only the leave overtook are its last words.
    last_words = speaker.leave
    while receiver.expected[speaker.column] == LEFT and last_words - 1 in holes:
        last_words -= 1
    for item, overtaken_at in holes.items():
        if overtaken_at == EXCUSED:
            continue
        if item > speaker.last:
            speaker.last_words.append((receiver.number, item, overtaken_at))
            continue
        has_heard = item >= last_words > receiver.start[speaker.column]
        roster.ledger.note(_lost(roster, speaker, receiver.number, item, overtaken_at, last_words=has_heard))


def count_delivered(roster: RoomState, speaker: StreamingConnection, receiver: StreamingConnection) -> None:
    """Add up what came of a speaker, now that nothing more is counted; what was overtaken is deducted with its loss."""
    if receiver.expected[speaker.column] != APART:
        roster.ledger.delivered += receiver.next_of(speaker.column) - receiver.start[speaker.column]


def never_joined(roster: RoomState, line: StreamingConnection) -> bool:
    """Whether a member stayed, said something that was due to be echoed, and showed no evidence of membership."""
    if line.evidence_at is not None or not line.said or not line.member or not roster.stays(line):
        return False
    return not any(outage.excuses(line, line, line.said, None) for outage in roster.outages)


def judge_early_leaves(roster: RoomState, speaker: StreamingConnection) -> None:
    """Whether leave notices came before their subject began to end: only an answered Close of its own tells."""
    if speaker.closing is not None and speaker.closed is None and speaker.dying is None:
        return
    _judge_early_leaves(roster, speaker, speaker.own_end_at if speaker.closed_itself else None)


def _judge_early_leaves(roster: RoomState, speaker: StreamingConnection, since: int | None) -> None:
    """Leave notices that came before the time `since` are phantoms; the others are taken as if they came now."""
    early, speaker.early_leaves = speaker.early_leaves, []
    certain_until = 0 if since is None else since
    for leave in early:
        receiver, at, received = leave.receiver, leave.at, (leave.frame, leave.at)
        if at < certain_until and not roster.is_covered(speaker, at):
            text = f"{speaker.user!r} left, who is still here"
            roster.find(receiver, Kind.PHANTOM, "DELIVER-14", text, speaker.number, received=received)
        else:
            speaker.high[receiver.instance] = speaker.leave
            roster.raise_floors(speaker, receiver.instance, at)
            name = f"the leave notice of {speaker.user!r}"
            if leave.lapse:
                text = f"{name} {leave.lapse}"
                roster.find(receiver, Kind.WRONG_TIME, "DELIVER-9", text, speaker.number, speaker.leave, received)
            for item in _came_after(leave, speaker):
                kind, rule = classification.late(part_of(speaker, item), after_leave=True)
                text = f"{name_of(speaker, item)} came after {name}"
                roster.find(receiver, kind, rule, text, speaker.number, item, received)
            is_counted = receiver.gone_at is not None and receiver.evidence_at is not None
            before = receiver.next_of(speaker.column) if is_counted else 0
            for kind, rule in take(roster, speaker, receiver, LEAVE, at):
                roster.find(receiver, kind, rule, name, speaker.number, speaker.leave, received)
            if is_counted:
                roster.ledger.delivered += receiver.next_of(speaker.column) - before
                settle_holes(roster, speaker, receiver)


def _came_after(leave: EarlyLeave, speaker: StreamingConnection) -> list[int]:
    """What its receiver got of the subject of an early leave after that."""
    span = leave.receiver.span_of(speaker.column)
    if leave.heard is None or span is None or leave.receiver.expected[speaker.column] == LEFT:
        return []
    (first, following), (start, end) = leave.heard, span
    items = (*range(start, min(first, end)), *range(max(start, following), end))
    return [item for item in items if item not in leave.receiver.holes.get(speaker.column, ())]


def _due_to_one_who_stays(
    roster: RoomState, speaker: StreamingConnection, receiver: StreamingConnection
) -> Iterator[int]:
    """What a receiver still waits for."""
    column = speaker.column
    following = receiver.expected[column]
    ended = speaker.ended_at is not None
    if speaker is not receiver and not receiver.has_heard(column):
        if not roster.is_certain(speaker, receiver) or speaker.perhaps_never_came:
            return
        if following > speaker.last:
            # Nobody heard that, so the server may have ended the stream before: only an end of its own is later.
            own = speaker.own_end_at if speaker.ended_itself else None
            if own is None or receiver.evidence_at is None or own <= receiver.evidence_at:
                return
            has_heard = speaker.has_heard(receiver.column) or speaker.earlier.get(receiver.column)
            if not speaker.closed_itself and not has_heard:
                return  # the server may have ended it before: were_together in offline/expected.py
    yield from range(following, speaker.last + 1)
    if ended:
        yield speaker.leave


def _lost(
    roster: RoomState,
    speaker: StreamingConnection,
    receiver: int,
    item: int,
    overtaken_at: int | None = None,
    *,
    last_words: bool = False,
) -> Finding:
    """An item that a receiver was due and never got.

    `overtaken_at`: when something later of the speaker came; `last_words`: no later message, but something before.
    """
    circumstances = MissingItem(
        own=speaker.number == receiver, died=speaker.died, last_words=speaker.closed_cleanly and last_words
    )
    kind, rule = classification.missing(part_of(speaker, item), circumstances)
    seen = roster.frame_of(speaker, item)
    text = f"{name_of(speaker, item)} is due and did not arrive"
    if overtaken_at is not None:
        seconds = (overtaken_at - speaker.opening.at) / NS_PER_S
        text += f"; what follows it had, {seconds:.3f} s after {speaker.user!r} came"
    if seen:
        text += f"; others received {seen[:SHOWN_CHARACTERS]}"
    is_hole = overtaken_at is not None
    return Finding(kind, rule, receiver, text, speaker.number, item, hole=is_hole, witness=speaker.life)

"""Tracing of messages by their content.

If one connection sent the same content more than once, the copies are taken in the order sent. A message whose content
nobody sent is taken for the altered form of one of its sender's that the receiver lacks: the one that fits its place
best. If the receiver lacks none, it is a phantom.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from roomproof.history import HistoryError
from roomproof.judge import texts
from roomproof.judge.findings import Kind, quoted
from roomproof.judge.offline.connection import Receipt, RecordedConnection, SentMessage
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces
from roomproof.spec import messages
from roomproof.spec.rules import Need

SentBy = tuple[RecordedConnection, SentMessage]
"""A sender and one of its messages."""

_MARK = re.compile(r"\[([0-9a-f]{8})\.\d+\]$")
"""The mark at the end of what is said in a scenario, which no other scenario uses."""

LIKENESS = 0.75
"""Share of an altered message that it has in common with the original, at least, of 1."""


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A received message whose content nobody sent, and its position at the receiver."""

    position: int
    receipt: Receipt
    message: messages.Message


@dataclass(slots=True)
class Copies:
    """Numbers of equal messages at one receiver, by content and sender id.

    In all, and traced so far.
    """

    total: Counter[tuple[str, str]]
    traced: Counter[tuple[str, str]] = field(default_factory=Counter)


class MessageTracer:
    """Traces the messages of one history.

    Raises HistoryError if the senders of one content cannot be told apart.
    """

    def __init__(self, history: SortedHistory, traces: Traces) -> None:
        self._history = history
        self._traces = traces
        self._sent: dict[str, list[SentBy]] = defaultdict(list)
        """By content: who sent it, and as which message."""
        for connection in history.connections.values():
            for message in connection.sent:
                self._sent[message.content].append((connection, message))
        self._marks = {mark[1] for content in self._sent for mark in _MARK.finditer(content)}
        self._check_unambiguous()

    def _check_unambiguous(self) -> None:
        for content, sent in self._sent.items():
            senders = {(sender.room, sender.user): sender.number for sender, _ in sent}
            if any(senders[sender.room, sender.user] != sender.number for sender, _ in sent):
                raise HistoryError(f"two connections of one user sent the same in one room: {content[:80]!r}")

    def copies(self, receiver: RecordedConnection) -> Copies:
        """The copies that a receiver received, none of them traced yet."""
        received = (receipt.frame for receipt in receiver.receipts if isinstance(receipt.frame, messages.Message))
        return Copies(Counter((message.content, message.sender_id) for message in received))

    def knows(self, message: messages.Message) -> bool:
        """Whether anybody sent exactly this content."""
        return message.content in self._sent

    def recognise(
        self, receiver: RecordedConnection, receipt: Receipt, message: messages.Message, copies: Copies
    ) -> Trace | None:
        """The trace of a message that somebody sent.

        None, and a finding, if it cannot have arrived here.
        """
        key = message.content, message.sender_id
        turn, copies.traced[key] = copies.traced[key], copies.traced[key] + 1
        sent = self._sent[message.content]
        here = [one for one in sent if one[0].room == receiver.room]
        if not here:
            sender, original = sent[0]
            text = texts.from_another_room(original.number, sender.room)
            self._traces.report((Kind.LEAKED, "DELIVER-4"), receiver, receipt, text, sender, original)
            return None
        own = [one for one in here if one[0].user == message.sender_id]
        candidates = _received_copies(receiver, own or here, copies.total[key])
        sender, original = candidates[min(turn, len(candidates) - 1)]
        if self._is_impossible(receiver, receipt, sender, original):
            return None
        if not own:
            text = texts.wrong_sender(sender.user, message.sender_id)
            self._traces.report((Kind.MISATTRIBUTED, "DELIVER-6"), receiver, receipt, text, sender, original)
        if message.chat_id != receiver.room:
            text = texts.wrong_chat(receiver.room, message.chat_id)
            self._traces.report((Kind.ALTERED, "DELIVER-7"), receiver, receipt, text)
        return Trace(sender.number, original.number, receipt)

    def _is_impossible(
        self, receiver: RecordedConnection, receipt: Receipt, sender: RecordedConnection, original: SentMessage
    ) -> bool:
        """Whether a message cannot arrive: its sender was refused, or had not sent it yet."""
        if sender.was_refused:
            rule, text = "REFUSE-4", texts.from_refused_connection(original.number, sender.user)
        elif original.at > receipt.at:
            rule, text = "DELIVER-14", texts.not_yet_sent(original.number, sender.user)
        else:
            return False
        self._traces.report((Kind.PHANTOM, rule), receiver, receipt, text, sender, original)
        return True

    def is_doubtful(self, receiver: RecordedConnection, message: messages.Message) -> bool:
        """Whether its sender sent it in a frame that a server may broadcast or not."""
        return any(
            message.content in sender.doubtful and message.sender_id in ("", sender.user)
            for sender in self._history.in_room(receiver.room)
        )

    def is_from_bad_frame(self, receiver: RecordedConnection, content: object) -> bool:
        """Whether somebody in the room sent a bad frame of this content."""
        return any(
            messages.same_json(bad.content, content) or str(bad.content) == content
            for sender in self._history.in_room(receiver.room)
            for bad in sender.bad_frames
        )

    def _sent_bad_frame(self, receiver: RecordedConnection, message: messages.Message) -> bool:
        return any(
            sender.has_sent_bad_frame or sender.sent_invalid_frame
            for sender in self._history.in_room(receiver.room)
            if self._may_be_of(sender, message)
        )

    def _may_be_of(self, sender: RecordedConnection, message: messages.Message) -> bool:
        """Whether a message can be one of a sender, by the name that it gives."""
        if not message.sender_id and self._history.lacks(Need.SENDER):
            return True
        return sender.user == message.sender_id

    def _is_said_elsewhere(self, content: str) -> bool:
        """Whether a content has the mark of another scenario."""
        mark = _MARK.search(content)
        return mark is not None and mark[1] not in self._marks

    def explain(
        self, receiver: RecordedConnection, unknown: UnknownMessage, by_position: dict[int, Trace]
    ) -> Trace | None:
        """The trace of the message that an unknown one was before it was altered.

        None, and a finding, if there is no such message. `by_position`: what is known of the other frames of the
        receiver.
        """
        message, receipt = unknown.message, unknown.receipt
        if self._is_said_elsewhere(message.content):
            self._traces.report((Kind.LEAKED, "DELIVER-4"), receiver, receipt, texts.said_elsewhere(message.content))
            return None
        known = {(trace.sender, trace.item) for trace in by_position.values()}
        missing = [
            (sender, original)
            for sender in self._history.in_room(receiver.room)
            if self._may_be_of(sender, message)
            for original in sender.sent
            if (sender.number, original.number) not in known and original.at <= receipt.at
        ]
        may_be_bad_frame = self._sent_bad_frame(receiver, message)
        alike = [one for one in missing if _resembles(one[1].content, message.content)]
        if alike or may_be_bad_frame:
            missing = alike
        fitting = _fitting(unknown.position, missing, by_position)
        likely = [one for one in alike if one in fitting] or alike
        found = _best_place(receiver, unknown.position, fitting, by_position) or next(reversed(likely), None)
        if found is None:
            rule = "FRAME-1" if may_be_bad_frame else "DELIVER-14"
            self._traces.report((Kind.PHANTOM, rule), receiver, receipt, texts.nobody_sent(message.content))
            return None
        sender, original = found
        text = texts.altered(original.number, sender.user)
        expected, got = quoted(original.content, message.content), quoted(message.content, original.content)
        detail = f"expected {expected}, got {got}"
        self._traces.report((Kind.ALTERED, "DELIVER-5"), receiver, receipt, text, sender, original, detail)
        return Trace(sender.number, original.number, receipt)


def _received_copies(receiver: RecordedConnection, sent: list[SentBy], copies: int) -> list[SentBy]:
    """Return the messages that the receiver got, of several equal ones.

    These are all of them if the receiver was a member before the first. Otherwise they are the last `copies`.
    """
    if len(sent) == 1 or sent[0][0] is receiver:
        return sent
    room_frames = (one.at for one in receiver.receipts if isinstance(one.frame, messages.Message | messages.Notice))
    member_since = next(room_frames, receiver.opening.at)
    return sent if member_since < sent[0][1].at else sent[-copies:]


def _resembles(original: str, received: str) -> bool:
    """Whether a received content is the original, altered, rather than another one."""
    if received and original.startswith(received):
        return True
    likeness = SequenceMatcher(None, original.casefold(), received.casefold(), autojunk=False)
    return likeness.real_quick_ratio() > LIKENESS and likeness.quick_ratio() > LIKENESS


def _fitting(position: int, missing: list[SentBy], by_position: dict[int, Trace]) -> list[SentBy]:
    """The missing messages that fit between the items around a position."""
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for place, trace in sorted(by_position.items()):
        if place < position:
            before[trace.sender] = max(trace.item, before.get(trace.sender, 0))
        else:
            after[trace.sender] = min(trace.item, after.get(trace.sender, trace.item))
    return [
        (sender, message)
        for sender, message in missing
        if before.get(sender.number, 0) < message.number < after.get(sender.number, message.number + 1)
    ]


def _best_place(
    receiver: RecordedConnection, position: int, fitting: list[SentBy], by_position: dict[int, Trace]
) -> SentBy | None:
    """The first of the fitting messages that its receiver must lack at a position.

    None if the receiver need not lack any: what it received first of another sender may be any message.
    """
    before = {trace.sender for place, trace in by_position.items() if place < position}
    after = {trace.sender for place, trace in by_position.items() if place > position}
    for sender, message in fitting:
        came_first = message.at > receiver.opening.at and sender.number not in after
        if sender is receiver or sender.number in before or came_first:
            return sender, message
    return None

"""Which item is which frame: every received frame is traced to what somebody said, or shown to be nobody's.

Messages are recognised by their content, notices by their user id. Where one connection said the same content more than
once, the copies are taken in the order said. A frame that nothing matches exactly is the altered form of the message of
its sender that fits its place best, or a phantom if the receiver waits for none.
"""

from collections import Counter, defaultdict
from difflib import SequenceMatcher

from roomproof.history import HistoryError
from roomproof.judge.findings import Finding, Kind, quoted
from roomproof.judge.offline.connection import Item, Receipt, RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces
from roomproof.spec import messages

SentItem = tuple[RecordedConnection, Item]

LIKENESS = 0.75
"""An altered message has so much in common with the original, of 1."""


def trace(run: SortedHistory) -> Traces:
    """Trace every received frame.

    Raises HistoryError where two connections of one user said the same in one room: nobody could tell them apart.
    """
    return _Tracer(run).traces


class _Tracer:
    """Traces the frames of one run, receiver by receiver."""

    def __init__(self, run: SortedHistory) -> None:
        self.run = run
        self.traces = Traces()
        self.said: dict[str, list[SentItem]] = defaultdict(list)
        self.users: dict[str, list[RecordedConnection]] = defaultdict(list)
        for connection in run.connections.values():
            self.users[connection.user].append(connection)
            for item in connection.said:
                self.said[item.content].append((connection, item))
        self._refuse_ambiguity()
        for receiver in run.connections.values():
            self._trace(receiver)

    def _refuse_ambiguity(self) -> None:
        for content, sayings in self.said.items():
            senders = {(sender.room, sender.user): sender.number for sender, _ in sayings}
            if any(senders[sender.room, sender.user] != sender.number for sender, _ in sayings):
                raise HistoryError(f"two connections of one user said the same in one room: {content[:80]!r}")

    def _trace(self, receiver: RecordedConnection) -> None:
        heard: dict[int, Trace] = {}
        received = (one.frame for one in receiver.receipts if isinstance(one.frame, messages.Message))
        copies = Counter((message.content, message.sender_id) for message in received)
        turns: dict[tuple[str, str], int] = defaultdict(int)
        unmatched: list[tuple[int, Receipt, messages.Message]] = []
        for position, receipt in enumerate(receiver.receipts):
            found: Trace | None = None
            match receipt.frame:
                case messages.Message() as message:
                    sayings = self.said.get(message.content)
                    if sayings:
                        key = message.content, message.sender_id
                        found = self._recognise(receiver, receipt, message, turns[key], copies[key])
                        turns[key] += 1
                    elif not self._was_perhaps_said(receiver, message):
                        unmatched.append((position, receipt, message))
                case messages.Notice() as notice:
                    found = self._recognise_notice(receiver, receipt, notice)
                case messages.Malformed(reason, content):
                    rule = "FRAME-1" if self._is_bad_frame(receiver, None, content) else "DELIVER-7"
                    self._find(Kind.MALFORMED, rule, receiver, receipt, reason)
                case _:
                    pass
            if found is not None:
                heard[position] = found
        for position, receipt, message in unmatched:
            found = self._explain(receiver, position, receipt, message, heard)
            if found is not None:
                heard[position] = found
        self.traces.add(receiver, [heard[position] for position in sorted(heard)])

    def _recognise(
        self, receiver: RecordedConnection, receipt: Receipt, message: messages.Message, turn: int, copies: int
    ) -> Trace | None:
        """The item with exactly this content, of which this is copy number `turn` out of so many."""
        sayings = self.said[message.content]
        here = [one for one in sayings if one[0].room == receiver.room]
        if not here:
            sender, item = sayings[0]
            text = f"it was said in room {sender.room}"
            self._find(Kind.LEAKED, "DELIVER-4", receiver, receipt, text, sender, item)
            return None
        own = [one for one in here if one[0].user == message.sender_id]
        candidates = _heard_copies(receiver, own or here, copies)
        sender, item = candidates[min(turn, len(candidates) - 1)]
        if sender.was_refused:
            text = "it was said by a connection that was refused"
            self._find(Kind.PHANTOM, "REFUSE-4", receiver, receipt, text, sender, item)
            return None
        if item.sent.at > receipt.at:
            text = f"{sender.user!r} said it only later"
            self._find(Kind.PHANTOM, "DELIVER-14", receiver, receipt, text, sender, item)
            return None
        if not own:
            user, claimed = quoted(sender.user, message.sender_id), quoted(message.sender_id, sender.user)
            text = f"{user} said it, the frame says {claimed}"
            self._find(Kind.MISATTRIBUTED, "DELIVER-6", receiver, receipt, text, sender, item)
        if message.chat_id != receiver.room:
            self._find_wrong_chat(receiver, receipt, message.chat_id)
        return Trace(sender.number, item.number, receipt)

    def _was_perhaps_said(self, receiver: RecordedConnection, message: messages.Message) -> bool:
        return any(
            message.content in sender.perhaps and sender.user == message.sender_id
            for sender in self.run.in_room(receiver.room)
        )

    def _is_bad_frame(self, receiver: RecordedConnection, sender: str | None, content: object) -> bool:
        """Whether somebody in the room sent a bad frame of which this can be what a careless server made."""
        senders = [
            one
            for one in self.run.in_room(receiver.room)
            if sender in (None, one.user) and (one.bad or one.perhaps or one.sent_invalid_frame)
        ]
        if sender is not None and senders:
            return True
        return any(
            messages.same_json(bad.content, content) or str(bad.content) == content
            for sender in senders
            for bad in sender.bad
        )

    def _explain(
        self,
        receiver: RecordedConnection,
        position: int,
        receipt: Receipt,
        message: messages.Message,
        heard: dict[int, Trace],
    ) -> Trace | None:
        """What a message is that nobody said in these words."""
        known = {(one.stream, one.item) for one in heard.values()}
        waiting = [
            (sender, item)
            for sender in self.run.in_room(receiver.room)
            if sender.user == message.sender_id
            for item in sender.said
            if (sender.number, item.number) not in known and item.sent.at <= receipt.at
        ]
        is_bad_frame = self._is_bad_frame(receiver, message.sender_id, message.content)
        if is_bad_frame:
            waiting = [one for one in waiting if _resembles(one[1].content, message.content)]
        if not waiting:
            rule = "FRAME-1" if is_bad_frame else "DELIVER-14"
            self._find(Kind.PHANTOM, rule, receiver, receipt, f"nobody said {quoted(message.content)}")
            return None
        sender, item = _best_place(receiver, position, waiting, heard)
        said, told = quoted(item.content, message.content), quoted(message.content, item.content)
        text = f"expected {said}, got {told}"
        self._find(Kind.ALTERED, "DELIVER-5", receiver, receipt, text, sender, item)
        return Trace(sender.number, item.number, receipt)

    def _recognise_notice(
        self, receiver: RecordedConnection, receipt: Receipt, notice: messages.Notice
    ) -> Trace | None:
        namesakes = self.users.get(notice.user_id, [])
        here = [one for one in namesakes if one.room == receiver.room]
        present = [one for one in here if one.maybe_admitted]
        if notice.chat_id != receiver.room:
            elsewhere = [one for one in namesakes if one.room == notice.chat_id] or ([] if here else namesakes)
            if elsewhere:
                self._find_untrue(Kind.LEAKED, "DELIVER-4", receiver, receipt, notice, "in another room", elsewhere[0])
                return None
            self._find_wrong_chat(receiver, receipt, notice.chat_id)
        phantom = Kind.PHANTOM, "DELIVER-14", receiver, receipt, notice
        if not here:
            self._find_untrue(*phantom, "who never came here")
            return None
        if not present:
            why = "whose connection was refused"
            self._find_untrue(Kind.PHANTOM, "REFUSE-4", receiver, receipt, notice, why, here[0])
            return None
        if receipt.at < min(one.opening.at for one in present):
            self._find_untrue(*phantom, "who only came later", present[0])
            return None
        if len(present) > 1:
            self.traces.notices[receiver.number, notice.user_id, notice.kind].append(receipt)
            return None
        if notice.kind is messages.NoticeKind.JOINED:
            return Trace(present[0].number, present[0].join, receipt)
        if self._is_still_here(present[0], receipt.at):
            self._find_untrue(*phantom, "who is still here", present[0])
            return None
        return Trace(present[0].number, present[0].leave, receipt)

    def _find_untrue(
        self,
        kind: Kind,
        rule: str,
        receiver: RecordedConnection,
        receipt: Receipt,
        notice: messages.Notice,
        why: str,
        sender: RecordedConnection | None = None,
    ) -> None:
        """A notice is wrong. Its user is told apart from others whose names look like it."""
        text = f"{quoted(notice.user_id, *self.users)} {notice.kind}, {why}"
        self._find(kind, rule, receiver, receipt, text, sender)

    def _is_still_here(self, connection: RecordedConnection, at: int) -> bool:
        """Whether it is certain that neither side had begun to end a connection.

        The server may have, before the client learns of it: only a reading client whose own Close was answered, or that
        is never closed at all, knows better.
        """
        if connection.opened is None or connection.has_paused or self.run.fault_covers(connection, at):
            return False
        if connection.closing is None or connection.closed is None:
            return connection.ended_at is None
        return connection.closed_cleanly and at < connection.closing.at

    def _find_wrong_chat(self, receiver: RecordedConnection, receipt: Receipt, chat_id: str) -> None:
        text = f"expected the chat_id {receiver.room!r}, got {chat_id!r}"
        self._find(Kind.ALTERED, "DELIVER-7", receiver, receipt, text)

    def _find(
        self,
        kind: Kind,
        rule: str,
        receiver: RecordedConnection,
        receipt: Receipt,
        text: str,
        sender: RecordedConnection | None = None,
        item: Item | None = None,
    ) -> None:
        stream = sender.number if sender else None
        witness = (item.sent, receipt.event) if item else (receipt.event,)
        number = item.number if item else None
        self.traces.findings.append(Finding(kind, rule, receiver.number, text, stream, number, witness=witness))


def _heard_copies(receiver: RecordedConnection, sayings: list[SentItem], copies: int) -> list[SentItem]:
    """Which of several equal messages a receiver heard, if it heard so many of them.

    Whoever was a member before the first heard them from the first on; whoever came between them heard the last ones.
    """
    if len(sayings) == 1 or sayings[0][0] is receiver:
        return sayings
    frames = (one.at for one in receiver.receipts if isinstance(one.frame, messages.Message | messages.Notice))
    member_since = next(frames, receiver.opening.at)
    return sayings if member_since < sayings[0][1].sent.at else sayings[-copies:]


def _resembles(said: str, told: str) -> bool:
    """Whether a message can have become what was told, rather than a bad frame of its sender."""
    likeness = SequenceMatcher(None, said.casefold(), told.casefold(), autojunk=False)
    return likeness.real_quick_ratio() > LIKENESS and likeness.quick_ratio() > LIKENESS


def _best_place(
    receiver: RecordedConnection, position: int, waiting: list[SentItem], heard: dict[int, Trace]
) -> SentItem:
    """The message that an altered frame at some position most probably was: the one that fits into its stream there."""
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for place, one in sorted(heard.items()):
        if place < position:
            before[one.stream] = max(one.item, before.get(one.stream, 0))
        else:
            after[one.stream] = min(one.item, after.get(one.stream, one.item))
    fitting = [
        (sender, item)
        for sender, item in waiting
        if before.get(sender.number, 0) < item.number < after.get(sender.number, item.number + 1)
    ]
    for sender, item in fitting:
        came_first = item.sent.at > receiver.opening.at and sender.number not in after
        if sender.number in before or came_first:
            return sender, item
    return fitting[-1] if fitting else waiting[0]

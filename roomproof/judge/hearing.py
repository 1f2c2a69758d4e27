"""Which item is which frame: every received frame is traced to what somebody said, or shown to be nobody's.

Messages are recognised by their content, notices by their user id. Where one connection said the same content more than
once, the copies are taken in the order said. A frame that nothing matches exactly is the altered form of the oldest
message of its sender that the receiver still waits for, or a phantom if there is none.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomproof import wire
from roomproof.history import HistoryError
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.run import Connection, Item, Receipt, Run


@dataclass(frozen=True, slots=True)
class Heard:
    """One item that reached one receiver: whose stream, which item, by which frame."""

    stream: int
    item: int
    receipt: Receipt

    @property
    def at(self) -> int:
        """When it had been received."""
        return self.receipt.at


@dataclass(slots=True)
class Hearing:
    """All that the receivers of a run heard.

    `heard[receiver]` is in the order received. `notices` counts, per (receiver, user, kind), those that cannot be told
    apart because the user was in the room with several connections.
    """

    heard: dict[int, list[Heard]] = field(default_factory=dict)
    notices: dict[tuple[int, str, wire.NoticeKind], list[Receipt]] = field(default_factory=lambda: defaultdict(list))
    findings: list[Finding] = field(default_factory=list)

    def of(self, stream: Connection, receiver: Connection) -> list[Heard]:
        """What a receiver heard of one stream, in the order received."""
        return [one for one in self.heard[receiver.number] if one.stream == stream.number]


def listen(run: Run) -> Hearing:
    """Trace every received frame.

    Raises HistoryError where two connections of one user said the same in one room: nobody could tell them apart.
    """
    return _Listener(run).hearing


class _Listener:
    """Traces the frames of one run, receiver by receiver."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.hearing = Hearing()
        self.said: dict[str, list[tuple[Connection, Item]]] = defaultdict(list)
        for connection in run.connections.values():
            for item in connection.said:
                self.said[item.content].append((connection, item))
        self._refuse_ambiguity()
        for receiver in run.connections.values():
            self._trace(receiver)

    def _refuse_ambiguity(self) -> None:
        for content, sayings in self.said.items():
            speakers = {(speaker.room, speaker.user): speaker.number for speaker, _ in sayings}
            if any(speakers[speaker.room, speaker.user] != speaker.number for speaker, _ in sayings):
                raise HistoryError(f"two connections of one user said the same in one room: {content[:80]!r}")

    def _trace(self, receiver: Connection) -> None:
        heard: dict[int, Heard] = {}
        copies: dict[tuple[str, str], int] = defaultdict(int)
        unmatched: list[tuple[int, Receipt, wire.Message]] = []
        for position, receipt in enumerate(receiver.receipts):
            match receipt.frame:
                case wire.Message() as message:
                    found = self._recognise(receiver, receipt, message, copies)
                    if found is None:
                        unmatched.append((position, receipt, message))
                    elif found.stream >= 0:
                        heard[position] = found
                case wire.Notice() as notice:
                    found = self._recognise_notice(receiver, receipt, notice)
                    if found is not None:
                        heard[position] = found
                case wire.Malformed(reason, content):
                    rule = "FRAME-1" if self._is_bad_frame(receiver, None, content) else "DELIVER-7"
                    self._find(Kind.MALFORMED, rule, receiver, receipt, reason)
                case _:
                    pass
        known = {(one.stream, one.item) for one in heard.values()}
        for position, receipt, message in unmatched:
            found = self._explain(receiver, receipt, message, known)
            if found is not None:
                heard[position] = found
                known.add((found.stream, found.item))
        self.hearing.heard[receiver.number] = [heard[position] for position in sorted(heard)]

    def _recognise(
        self, receiver: Connection, receipt: Receipt, message: wire.Message, copies: dict[tuple[str, str], int]
    ) -> Heard | None:
        """The item with exactly this content; one with stream -1 if there is nothing more to say of the frame."""
        sayings = self.said.get(message.content, [])
        here = [(speaker, item) for speaker, item in sayings if speaker.room == receiver.room]
        if not here:
            if sayings:
                speaker, item = sayings[0]
                self._find(
                    Kind.LEAKED, "DELIVER-4", receiver, receipt, f"it was said in room {speaker.room}", speaker, item
                )
                return Heard(-1, 0, receipt)
            return Heard(-1, 0, receipt) if self._was_perhaps_said(receiver, message) else None
        own = [(speaker, item) for speaker, item in here if speaker.user == message.sender_id]
        candidates = own or here
        turn = copies[message.content, message.sender_id]
        copies[message.content, message.sender_id] += 1
        if len(candidates) > 1:
            # Whoever came between the copies heard none said before it came.
            candidates = [one for one in candidates if one[1].sent.at > receiver.opening.at] or candidates
        speaker, item = candidates[min(turn, len(candidates) - 1)]
        if speaker.turned_away:
            text = "it was said by a connection that was refused"
            self._find(Kind.PHANTOM, "REFUSE-4", receiver, receipt, text, speaker, item)
            return Heard(-1, 0, receipt)
        if not own:
            self._find(
                Kind.MISATTRIBUTED,
                "DELIVER-6",
                receiver,
                receipt,
                f"{speaker.user!r} said it, the frame says {message.sender_id!r}",
                speaker,
                item,
            )
        if message.chat_id != receiver.room:
            self._find_wrong_chat(receiver, receipt, message.chat_id)
        return Heard(speaker.number, item.number, receipt)

    def _was_perhaps_said(self, receiver: Connection, message: wire.Message) -> bool:
        return any(
            message.content in speaker.perhaps and speaker.user == message.sender_id
            for speaker in self.run.in_room(receiver.room)
        )

    def _is_bad_frame(self, receiver: Connection, sender: str | None, content: object) -> bool:
        """Whether somebody in the room sent a bad frame of which this can be what a careless server made."""
        speakers = [
            one for one in self.run.in_room(receiver.room) if sender in (None, one.user) and (one.bad or one.perhaps)
        ]
        if sender is not None and speakers:
            return True
        return any(
            wire.same_json(bad.content, content) or str(bad.content) == content
            for speaker in speakers
            for bad in speaker.bad
        )

    def _explain(
        self, receiver: Connection, receipt: Receipt, message: wire.Message, known: set[tuple[int, int]]
    ) -> Heard | None:
        """What a message is that nobody said in these words."""
        waiting = [
            (speaker, item)
            for speaker in self.run.in_room(receiver.room)
            if speaker.user == message.sender_id
            for item in speaker.said
            if (speaker.number, item.number) not in known and item.sent.at < receipt.at
        ]
        if waiting and not self._is_bad_frame(receiver, message.sender_id, message.content):
            speaker, item = waiting[0]
            self._find(
                Kind.ALTERED,
                "DELIVER-5",
                receiver,
                receipt,
                f"expected {_short(item.content)}, got {_short(message.content)}",
                speaker,
                item,
            )
            return Heard(speaker.number, item.number, receipt)
        rule = "FRAME-1" if self._is_bad_frame(receiver, message.sender_id, message.content) else "DELIVER-14"
        self._find(Kind.PHANTOM, rule, receiver, receipt, f"nobody said {_short(message.content)}")
        return None

    def _recognise_notice(self, receiver: Connection, receipt: Receipt, notice: wire.Notice) -> Heard | None:
        namesakes = [one for one in self.run.connections.values() if one.user == notice.user_id]
        here = [one for one in namesakes if one.room == receiver.room]
        present = [one for one in here if not one.turned_away]
        text = f"{notice.user_id!r} {notice.kind}"
        if not present:
            elsewhere = [one for one in namesakes if one.room == notice.chat_id != receiver.room]
            if here:
                self._find(
                    Kind.PHANTOM, "REFUSE-4", receiver, receipt, f"{text}, whose connection was refused", here[0]
                )
            elif elsewhere or (namesakes and notice.chat_id != receiver.room):
                self._find(Kind.LEAKED, "DELIVER-4", receiver, receipt, f"{text}, in another room", namesakes[0])
            else:
                self._find(Kind.PHANTOM, "DELIVER-14", receiver, receipt, f"{text}, who never came here")
            return None
        if notice.chat_id != receiver.room:
            self._find_wrong_chat(receiver, receipt, notice.chat_id)
        if len(present) > 1:
            self.hearing.notices[receiver.number, notice.user_id, notice.kind].append(receipt)
            return None
        item = present[0].join if notice.kind is wire.NoticeKind.JOINED else present[0].leave
        if notice.kind is wire.NoticeKind.LEFT and _is_still_here(present[0], receipt.at):
            self._find(Kind.PHANTOM, "DELIVER-14", receiver, receipt, f"{text}, who is still here", present[0])
            return None
        return Heard(present[0].number, item, receipt)

    def _find_wrong_chat(self, receiver: Connection, receipt: Receipt, chat_id: str) -> None:
        text = f"expected the chat_id {receiver.room!r}, got {chat_id!r}"
        self._find(Kind.ALTERED, "DELIVER-7", receiver, receipt, text)

    def _find(
        self,
        kind: Kind,
        rule: str,
        receiver: Connection,
        receipt: Receipt,
        text: str,
        speaker: Connection | None = None,
        item: Item | None = None,
    ) -> None:
        witness = (item.sent, receipt.event) if item else (receipt.event,)
        self.hearing.findings.append(
            Finding(
                kind,
                rule,
                receiver.number,
                text,
                speaker.number if speaker else None,
                item.number if item else None,
                witness=witness,
            )
        )


def _is_still_here(connection: Connection, at: int) -> bool:
    """Whether it is certain that neither side had begun to end a connection.

    The server may have, before the client learns of it: only a reading client whose own Close was answered knows better.
    """
    if not connection.reads or connection.paused_before:
        return False
    if connection.closing is None or connection.closed is None:
        return connection.ended_at is None
    return connection.closed.code == connection.closing.code and at < connection.closing.at


def _short(content: str) -> str:
    return repr(content) if len(content) <= 120 else f"{content[:100]!r}... ({len(content)} code points)"


def unexpected_errors(run: Run) -> Iterator[Finding]:
    """Error frames to connections that had given no cause: more of them than bad or doubtful frames (FRAME-5)."""
    for receiver in run.connections.values():
        errors = [receipt for receipt in receiver.receipts if isinstance(receipt.frame, wire.Error)]
        causes = len(receiver.bad) + len(receiver.perhaps) + receiver.pings
        for receipt in errors[causes:]:
            text = f"an error frame without a bad frame: {_short(str(getattr(receipt.frame, 'content', '')))}"
            yield Finding(Kind.UNPROVOKED_ERROR, "FRAME-5", receiver.number, text, witness=(receipt.event,))

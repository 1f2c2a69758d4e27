"""Decoding under load: the item that a frame carries, and the frame's own faults."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from roomproof.dialects.frames import Frames
from roomproof.history import Started
from roomproof.judge import texts
from roomproof.judge.classification import JOIN_NOTICE, Part, Violation
from roomproof.judge.facts import ahead_of_receipt, is_far_away, time_of_receipt
from roomproof.judge.findings import Kind, quoted
from roomproof.judge.streaming.connection import LEAVE, StreamingConnection, part_of_item
from roomproof.judge.streaming.departed import DepartedSender, DepartedSenders
from roomproof.judge.streaming.lapse import TimestampLapse
from roomproof.judge.streaming.message_id import MessageId, read_id
from roomproof.judge.streaming.timestamps import Timestamps
from roomproof.spec import messages
from roomproof.spec.rules import Need

KNOWN_CONTENTS = 64
"""Number of contents that were sent and not yet received whose ids need not be read from the content."""

PHANTOM: Violation = Kind.PHANTOM, "DELIVER-14"
NOT_TEXT: Violation = Kind.MALFORMED, "DELIVER-7"


@dataclass(frozen=True, slots=True)
class FrameFault:
    """A fault of a frame, whoever receives it."""

    violation: Violation
    text: str
    stream: int | None = None
    item: int | None = None
    detail: str = ""


class Decoded(msgspec.Struct, gc=False):
    """A decoded frame: its item, if it carries one that can arrive, and its faults."""

    sender: StreamingConnection | None = None
    item: int = 0
    """The number of the item, or LEAVE."""
    faults: list[FrameFault] = []
    lapse: TimestampLapse | None = None
    """How its timestamp does not follow the one before. If certain, it is among the faults, but for early leaves."""
    scheduled: int = 0
    """Time at which the message was scheduled to be sent; 0 if it does not tell."""
    departed: DepartedSender | None = None
    """The sender, if that one is departed."""
    part: Part = Part.MESSAGE
    """The part that the item of a departed sender is."""
    is_ignored: bool = False
    """Whether it says nothing to the judge, whoever receives it."""
    is_unnamed: bool = False
    """Whether it tells of a user who may be a connection whose name is not known so far."""
    unmatched: str = ""
    """The frame, if nothing in the dialect describes it; empty if something does."""


class Decoder:
    """Decodes the frames of one room.

    Invariants: each connection of the room stands in `connections` and, once its name is known, under this in `users`;
    no two have the same name; at most KNOWN_CONTENTS contents are known.
    """

    def __init__(self, room: str, started: Started, frames: Frames) -> None:
        self.room = room
        self.started = started
        self._frames = frames
        self._has_sender = Need.SENDER not in started.without
        self.unnamed: set[int] = set()
        """Connections whose names others know and we do not, so far."""
        self._is_name_lost = False
        """Whether a connection ended before its name was known."""
        self.connections: dict[int, StreamingConnection] = {}
        self.users: dict[str, StreamingConnection] = {}
        self._known: dict[str, MessageId] = {}
        """By content: the ids of messages that were sent and not yet received."""
        self._departed = DepartedSenders()
        self._timestamps = Timestamps()

    def add(self, connection: StreamingConnection, *, is_named: bool = True) -> None:
        """Know a connection from now on. Raises ValueError if another one has its user id.

        With `is_named` false, its name is known only once it is open.
        """
        if is_named and not self.name(connection):
            raise ValueError(
                f"expected a user id of its own for each connection, {connection.user!r} has one already: "
                "notices carry nothing else to tell connections apart"
            )
        self.connections[connection.number] = connection
        if not is_named:
            self.unnamed.add(connection.number)

    def name(self, connection: StreamingConnection) -> bool:
        """Know the name of a connection. Returns False if another one has it."""
        self.unnamed.discard(connection.number)
        return self.users.setdefault(connection.user, connection) is connection

    def give_up_name(self, connection: StreamingConnection) -> None:
        """Note that the name of a connection will never be known."""
        self.unnamed.discard(connection.number)
        self._is_name_lost = True

    def forget(self, connection: StreamingConnection, settled_at: int, *, is_whole: bool) -> None:
        """Remember of a connection only that it was here.

        `is_whole`: nothing of it was lost.
        """
        del self.connections[connection.number]
        if self.users.get(connection.user) is connection:
            del self.users[connection.user]
        self._timestamps.forget(connection)
        self._departed.add(connection, settled_at, is_whole=is_whole)

    def expect(self, content: str, message_id: MessageId) -> None:
        """Know the id of a content that is about to be sent."""
        self._known[content] = message_id
        if len(self._known) > KNOWN_CONTENTS:
            del self._known[next(iter(self._known))]

    def decode(
        self, frame: bytes, receiver: StreamingConnection, at: int, *, may_be_old: bool, is_binary: bool = False
    ) -> Decoded:
        """Decode a frame that a connection received at some time.

        `may_be_old`: its timestamp may be of long ago, because the receiver paused or the server repeats history.
        """
        try:
            decoded = self._frames.read_payload(frame, self.room, is_binary=is_binary)
        except UnicodeDecodeError as error:
            malformed = messages.read(frame)
            reason = malformed.reason if isinstance(malformed, messages.Malformed) else ""
            return _only(FrameFault(NOT_TEXT, reason, detail=str(error)))
        match decoded:
            case messages.Message():
                return self._message(decoded, receiver, at, may_be_old=may_be_old)
            case messages.Notice():
                return self._notice(decoded, receiver, at, may_be_old=may_be_old)
            case messages.Malformed(reason):
                return _only(FrameFault(NOT_TEXT, reason))
            case messages.Error(content):
                return _only(FrameFault((Kind.UNPROVOKED_ERROR, "FRAME-5"), texts.unprovoked_error(content)))
            case messages.Unmatched(_, shown):
                return Decoded(unmatched=shown)
            case _:
                return Decoded(is_ignored=True)

    def _message(
        self, message: messages.Message, receiver: StreamingConnection, at: int, *, may_be_old: bool
    ) -> Decoded:
        message_id = self._known.pop(message.content, None) or read_id(message.content)
        if message_id is None:
            return _only(FrameFault(PHANTOM, texts.nobody_sent(message.content)))
        about = message_id.connection, message_id.item
        if message_id.room != self.room and message_id.intact:
            text = texts.from_another_room(message_id.item, message_id.room)
            return _only(FrameFault((Kind.LEAKED, "DELIVER-4"), text, *about))
        sender = self.connections.get(message_id.connection)
        if sender is None:
            detail = f"connection {message_id.connection} has sent nothing here"
            nobodys = FrameFault(PHANTOM, texts.nobody_sent(message.content), detail=detail)
            return self._departed_or(nobodys, message_id.connection, Part.MESSAGE, message_id.item)
        if sender.was_refused:
            text = texts.from_refused_connection(message_id.item, sender.user)
            return _only(FrameFault((Kind.PHANTOM, "REFUSE-4"), text, *about))
        if not JOIN_NOTICE < message_id.item <= sender.sent:
            text, detail = texts.not_yet_sent(message_id.item, sender.user), f"it has sent {sender.sent}"
            return _only(FrameFault(PHANTOM, text, *about, detail=detail))
        decoded = Decoded(sender, message_id.item, scheduled=message_id.scheduled)
        if not message_id.intact:
            text = texts.altered(message_id.item, sender.user)
            detail = f"got {quoted(message.content)}, whose checksum is not that of what was sent"
            decoded.faults.append(FrameFault((Kind.ALTERED, "DELIVER-5"), text, *about, detail=detail))
        if self._has_sender and message.sender_id != sender.user:
            text = texts.wrong_sender(sender.user, message.sender_id)
            decoded.faults.append(FrameFault((Kind.MISATTRIBUTED, "DELIVER-6"), text, *about))
        self._check(decoded, message, receiver, at, may_be_old=may_be_old)
        return decoded

    def _notice(self, notice: messages.Notice, receiver: StreamingConnection, at: int, *, may_be_old: bool) -> Decoded:
        sender = self.users.get(notice.user_id)
        is_join = notice.kind is messages.NoticeKind.JOINED
        if sender is None and notice.chat_id != self.room:
            text = texts.notice_from_another_room(notice.kind, self._name(notice.user_id), notice.chat_id)
            return _only(FrameFault((Kind.LEAKED, "DELIVER-4"), text))
        if sender is None:
            if self.unnamed:
                return Decoded(is_unnamed=True)
            nobodys = FrameFault(PHANTOM, texts.notice_of_nobody(notice.kind, self._name(notice.user_id)))
            found = self._departed_or(nobodys, notice.user_id, Part.JOIN if is_join else Part.LEAVE)
            return Decoded() if self._is_name_lost and found.departed is None else found
        if sender.was_refused:
            text = texts.notice_of_refused_connection(notice.kind, self._name(notice.user_id))
            return _only(FrameFault((Kind.PHANTOM, "REFUSE-4"), text, sender.number))
        decoded = Decoded(sender, JOIN_NOTICE if is_join else LEAVE)
        self._check(decoded, notice, receiver, at, may_be_old=may_be_old)
        return decoded

    def _name(self, user: str) -> str:
        """The user id of a notice, quoted.

        It is escaped if another user id in the room looks like it.
        """
        return quoted(user, *self.users)

    def _departed_or(self, nobodys: FrameFault, key: int | str, part: Part, item: int = JOIN_NOTICE) -> Decoded:
        """An item of a departed sender; a fault if there was no such sender."""
        departed = self._departed.find(key)
        return _only(nobodys) if departed is None else Decoded(departed=departed, part=part, item=item)

    def _check(
        self,
        decoded: Decoded,
        frame: messages.Message | messages.Notice,
        receiver: StreamingConnection,
        at: int,
        *,
        may_be_old: bool,
    ) -> None:
        """Add the faults of the chat id and the timestamp of a frame."""
        if frame.chat_id != self.room:
            text = texts.wrong_chat(self.room, frame.chat_id)
            decoded.faults.append(FrameFault((Kind.ALTERED, "DELIVER-7"), text))
        moment = messages.parse_timestamp(frame.timestamp)
        if moment is None:
            return
        if is_far_away(self.started, moment, at, may_be_old=may_be_old):
            text = texts.far_away(frame.timestamp)
            ahead, received = ahead_of_receipt(self.started, moment, at), time_of_receipt(self.started, at)
            detail = texts.time_difference(frame.timestamp, ahead, received)
            decoded.faults.append(FrameFault((Kind.WRONG_TIME, "DELIVER-8"), text, detail=detail))
        if decoded.sender is not None:
            self._check_progress(decoded, decoded.sender, moment, receiver, at)

    def _check_progress(
        self, decoded: Decoded, sender: StreamingConnection, moment: datetime, receiver: StreamingConnection, at: int
    ) -> None:
        """Add the fault of a timestamp that does not follow that of the item before.

        An early leave notice is not recorded: only its sender's end decides whether it is a leave notice.
        """
        item, sent = decoded.item, decoded.scheduled
        if item == LEAVE and not sender.has_begun_to_end:
            decoded.lapse = self._timestamps.peek(sender, sender.leave, moment, 0, receiver)
            return
        if item == LEAVE:
            item, sent = sender.leave, sender.certainly_left_at or 0
        lapse = decoded.lapse = self._timestamps.record(sender, item, moment, sent, receiver, at)
        if lapse is not None and lapse.is_certain:
            text = lapse.text(part_of_item(sender, item), item, sender.user)
            violation = Kind.WRONG_TIME, "DELIVER-9"
            decoded.faults.append(FrameFault(violation, text, sender.number, item, lapse.detail))


def _only(fault: FrameFault) -> Decoded:
    return Decoded(faults=[fault])

"""What a frame under load is: whose item it carries, and what is wrong with the frame itself."""

from dataclasses import dataclass

import msgspec

from roomproof.history import Started
from roomproof.judge.classification import Part
from roomproof.judge.facts import is_far_away
from roomproof.judge.findings import Kind, quoted
from roomproof.judge.streaming.connection import LEAVE, StreamingConnection, name_of
from roomproof.judge.streaming.message_id import MessageId, unseal
from roomproof.judge.streaming.timestamps import TimestampLapse, Timestamps
from roomproof.spec import messages

MOST_AWAITED = 64
"""So many contents that were said and not yet received are known by heart; others are told by their seals."""

FORGOTTEN_LINES = 1_000
"""So many connections that are gone are known by name, to tell what comes far too late from what nobody said."""


@dataclass(frozen=True, slots=True)
class FrameFault:
    """Something that is wrong with a frame, whoever receives it."""

    kind: Kind
    rule: str
    text: str
    stream: int | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class DepartedSender:
    """A sender that is gone and settled."""

    number: int
    ended_at: int
    settled_at: int
    is_whole: bool
    """Whether everybody had got all of it that was due."""
    was_heard: bool
    """Whether anybody had got anything of it."""
    has_left: bool
    """Whether anybody had got its leave notice."""


class Decoded(msgspec.Struct, gc=False):
    """What a frame is: an item of a sender, if it carries one that can come here, and its faults."""

    sender: StreamingConnection | None = None
    item: int = 0
    faults: list[FrameFault] = []
    lapse: TimestampLapse | None = None
    """How its timestamp does not follow the one before; a fault if that is certain, unless it is an early leave."""
    meant: int = 0
    """When a message was meant to be said; 0 if it does not tell."""
    departed: DepartedSender | None = None
    """Whose it is, if that one is gone and settled."""
    part: Part = Part.MESSAGE
    """What it is then."""


class Decoder:
    """Reads the frames of one room."""

    def __init__(self, room: str, started: Started) -> None:
        self.room = room
        self.started = started
        self.connections: dict[int, StreamingConnection] = {}
        self.users: dict[str, StreamingConnection] = {}
        self._awaited: dict[str, MessageId] = {}
        """By content: what was said and has not been received."""
        self._forgotten: dict[int | str, DepartedSender] = {}
        """The last that were here, by number and by user id."""
        self._stamps = Timestamps()

    def learn(self, connection: StreamingConnection) -> None:
        """Know a connection from now on. Raises ValueError if another one has its user id: notices name no more."""
        if connection.user in self.users:
            raise ValueError(f"expected a user id of its own for each connection, {connection.user!r} has one already")
        self.connections[connection.number] = self.users[connection.user] = connection

    def forget(self, connection: StreamingConnection, settled_at: int, *, is_whole: bool) -> None:
        """Know nothing more of a connection but that it was here; `is_whole`: nothing of it was lost."""
        del self.connections[connection.number], self.users[connection.user]
        self._stamps.forget(connection)
        has_left = connection.leave in connection.high.values()
        departed = DepartedSender(
            connection.number,
            connection.ended_at or settled_at,
            settled_at,
            is_whole,
            was_heard=bool(connection.high),
            has_left=has_left,
        )
        self._forgotten.update({connection.number: departed, connection.user: departed})
        while len(self._forgotten) > 2 * FORGOTTEN_LINES:
            del self._forgotten[next(iter(self._forgotten))]

    def expect(self, content: str, seal: MessageId) -> None:
        """A content is about to be said."""
        self._awaited[content] = seal
        if len(self._awaited) > MOST_AWAITED:
            del self._awaited[next(iter(self._awaited))]

    def read(self, frame: bytes, receiver: StreamingConnection, at: int, *, may_be_old: bool) -> Decoded:
        """What a frame is that a connection received at some time; `may_be_old`, if it was not read for a while."""
        try:
            match messages.read_text(frame):
                case messages.Message() as message:
                    return self._message(message, receiver, at, may_be_old=may_be_old)
                case messages.Notice() as notice:
                    return self._notice(notice, receiver, at, may_be_old=may_be_old)
                case messages.Malformed(reason):
                    return _nothing_but(FrameFault(Kind.MALFORMED, "DELIVER-7", reason))
                case messages.Error(content):
                    return _nothing_but(
                        FrameFault(Kind.UNPROVOKED_ERROR, "FRAME-5", f"an error frame: {quoted(content or '')}")
                    )
                case _:
                    return Decoded()
        except UnicodeDecodeError as error:
            return _nothing_but(FrameFault(Kind.MALFORMED, "DELIVER-7", str(error)))

    def _message(
        self, message: messages.Message, receiver: StreamingConnection, at: int, *, may_be_old: bool
    ) -> Decoded:
        seal = self._awaited.pop(message.content, None) or unseal(message.content)
        if seal is None:
            return _nothing_but(FrameFault(Kind.PHANTOM, "DELIVER-14", f"nobody said {quoted(message.content)}"))
        about = seal.connection, seal.item
        if seal.room != self.room and seal.intact:
            return _nothing_but(FrameFault(Kind.LEAKED, "DELIVER-4", f"it was said in room {seal.room}", *about))
        sender = self.connections.get(seal.connection)
        if sender is None:
            text = f"connection {seal.connection} has said nothing here"
            return self._late_or_nobodys(text, seal.connection, Part.MESSAGE)
        if sender.was_refused:
            text = "it was said by a connection that was refused"
            return _nothing_but(FrameFault(Kind.PHANTOM, "REFUSE-4", text, *about))
        if not 0 < seal.item <= sender.said:
            text = f"{sender.user!r} has said {sender.said} messages"
            return _nothing_but(FrameFault(Kind.PHANTOM, "DELIVER-14", text, *about))
        decoded = Decoded(sender, seal.item, meant=seal.meant)
        if not seal.intact:
            text = f"the checksum is not that of {quoted(message.content)}"
            decoded.faults.append(FrameFault(Kind.ALTERED, "DELIVER-5", text, *about))
        if message.sender_id != sender.user:
            user, claimed = quoted(sender.user, message.sender_id), quoted(message.sender_id, sender.user)
            text = f"{user} said it, the frame says {claimed}"
            decoded.faults.append(FrameFault(Kind.MISATTRIBUTED, "DELIVER-6", text, *about))
        self._check(decoded, message, receiver, at, may_be_old=may_be_old)
        return decoded

    def _notice(self, notice: messages.Notice, receiver: StreamingConnection, at: int, *, may_be_old: bool) -> Decoded:
        sender = self.users.get(notice.user_id)
        text = f"{notice.user_id!r} {notice.kind}"
        if notice.chat_id != self.room and sender is None:
            return _nothing_but(FrameFault(Kind.LEAKED, "DELIVER-4", f"{text}, in room {notice.chat_id!r}"))
        if sender is None:
            part = Part.JOIN if notice.kind is messages.NoticeKind.JOINED else Part.LEAVE
            return self._late_or_nobodys(f"{text}, who never came here", notice.user_id, part)
        if sender.was_refused:
            text = f"{text}, whose connection was refused"
            return _nothing_but(FrameFault(Kind.PHANTOM, "REFUSE-4", text, sender.number))
        decoded = Decoded(sender, 0 if notice.kind is messages.NoticeKind.JOINED else LEAVE)
        self._check(decoded, notice, receiver, at, may_be_old=may_be_old)
        return decoded

    def _late_or_nobodys(self, text: str, whose: int | str, part: Part) -> Decoded:
        """A frame of one who is not here: late or a copy, if it was, which its receiver tells; a phantom, if not."""
        if whose in self._forgotten:
            return Decoded(departed=self._forgotten[whose], part=part)
        return _nothing_but(FrameFault(Kind.PHANTOM, "DELIVER-14", text))

    def _check(
        self,
        decoded: Decoded,
        frame: messages.Message | messages.Notice,
        receiver: StreamingConnection,
        at: int,
        *,
        may_be_old: bool,
    ) -> None:
        sender = decoded.sender
        if sender is None:
            return
        if frame.chat_id != self.room:
            text = f"expected the chat_id {self.room!r}, got {frame.chat_id!r}"
            decoded.faults.append(FrameFault(Kind.ALTERED, "DELIVER-7", text))
        moment = messages.parse_timestamp(frame.timestamp)
        if moment is not None and is_far_away(self.started, moment, at, may_be_old=may_be_old):
            text = f"the timestamp {frame.timestamp!r} is far away from the time of receipt"
            decoded.faults.append(FrameFault(Kind.WRONG_TIME, "DELIVER-8", text))
        if moment is None:
            return
        if decoded.item == LEAVE and not sender.has_begun_to_end:
            decoded.lapse = self._stamps.look(sender, sender.leave, moment, 0, receiver)
            return
        item, said = decoded.item, decoded.meant
        if item == LEAVE:
            item, said = sender.leave, (sender.own_end_at if sender.certainly_closed_first else None) or 0
        lapse = decoded.lapse = self._stamps.take(sender, item, moment, said, receiver, at)
        if lapse is not None and lapse.is_certain:
            text = f"{name_of(sender, item)} {lapse.how}"
            decoded.faults.append(FrameFault(Kind.WRONG_TIME, "DELIVER-9", text, sender.number, item))


def _nothing_but(fault: FrameFault) -> Decoded:
    return Decoded(faults=[fault])

"""Faults of delivery."""

import asyncio
from typing import Any

from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, encoded, is_message, on_send


@fault(
    "some lost for one",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    perhaps={
        "CLOSE-4": "a message is lost beside a slow reader",
        "DELIVER-2": "the echo is lost",
        "DELIVER-11": "the last message before a close is lost",
        "DELIVER-12": "the message of a dead sender is lost",
        "FRAME-2": "a message is lost after a bad frame of another",
        "LEAVE-4": "a message is lost after a leave",
        "JOIN-3": "a message is lost right after a join",
        "DELIVER-16": "a message is lost for one device",
    },
)
def lost_for_one() -> None:
    """Every 100th delivery of a message to a member other than its sender is left out."""
    turn = every(100)

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        is_for_another = is_message(fields) and fields["sender_id"] != member.user_id
        return (is_for_another and turn()) or send(encoded(fields))

    on_send(change)


@fault(
    "some lost for everyone",
    breaks="DELIVER-1",
    shows=Kind.LOST,
    perhaps={
        "CLOSE-4": "a message is lost beside a slow reader",
        "DELIVER-5": "one of the special contents is lost",
        "DELIVER-11": "the last message before a close is lost",
        "DELIVER-12": "the message of a dead sender is lost",
        "DELIVER-13": "a long message is lost",
        "DELIVER-15": "a message with more fields is lost",
        "DELIVER-2": "the message of somebody alone is lost",
        "FRAME-2": "a message is lost after a bad frame of another",
        "FRAME-3": "a message is lost after a bad frame of its sender",
        "FRAME-8": "a message is lost after a pong",
        "LEAVE-4": "a message is lost after a leave",
        "JOIN-3": "a message is lost right after a join",
        "JOIN-5": "the first message of a newcomer is lost",
        "JOIN-2": "the only message of a newcomer is lost",
    },
)
def lost_for_everyone() -> None:
    """Every 40th message reaches its sender and nobody else."""
    turn = every(40)

    def wrapped(say: Any) -> Any:
        def lossy(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            if not turn():
                return say(self, speaker, content, timestamp)
            members = self.members
            self.members = {speaker: None} if speaker in members else {}
            behind = say(self, speaker, content, timestamp)
            self.members = members
            return behind

        return lossy

    wrap(ChatRoom, "send_message", wrapped)


@fault("some doubled", breaks="DELIVER-3", shows=Kind.DUPLICATED)
def doubled() -> None:
    """Every 100th delivery of a message happens twice."""
    turn = every(100)

    def change(_: Member, fields: dict[str, Any], send: Send) -> bool:
        again = is_message(fields) and turn()
        return send(encoded(fields)) and (not again or send(encoded(fields)))

    on_send(change)


@fault(
    "repeated messages dropped",
    breaks="DELIVER-3",
    also={"DELIVER-1": "the words of another, said again, reach nobody"},
)
def same_words_once() -> None:
    """A message with the content of the room's previous message is dropped as a copy."""
    _drop_copies()


@fault("messages that repeat another sender dropped", breaks="DELIVER-1")
def same_words_of_two() -> None:
    """A message with the content of another sender's previous one is dropped."""
    _drop_copies(of_others_only=True)


def _drop_copies(*, of_others_only: bool = False) -> None:
    latest: dict[str, tuple[str, str]] = {}

    def wrapped(say: Any) -> Any:
        def deduplicating(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            user, before = latest.get(self.chat_id, ("", ""))
            latest[self.chat_id] = speaker.user_id, content
            if content == before and not (of_others_only and user == speaker.user_id):
                return []
            return say(self, speaker, content, timestamp)

        return deduplicating

    wrap(ChatRoom, "send_message", wrapped)


@fault(
    "echo missing",
    breaks="DELIVER-2",
    also={"JOIN-2": "a second device alone shows by its echo only that it is a member"},
)
def echo_missing() -> None:
    """A sender gets no echo while other members are in the room."""

    turn = every(1)

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        own = is_message(fields) and fields["sender_id"] == member.user_id and len(member._room.members) > 1
        return (own and turn()) or send(encoded(fields))

    on_send(change)


@fault("second device ignored", breaks="DELIVER-16", also={"JOIN-2": "the ignored device is no member"})
def second_device_ignored() -> None:
    """Of a user's connections in a room, only the first receives messages."""

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        first = next((one for one in member._room.members if one.user_id == member.user_id), member)
        return (is_message(fields) and first is not member) or send(encoded(fields))

    on_send(change)


@fault("last messages before a close lost", breaks="DELIVER-11")
def last_words_lost() -> None:
    """A frame is handled 20 ms later, and never if its client has closed by then."""

    def wrapped(hear: Any) -> Any:
        def late(self: Any, frame: str | bytes) -> None:
            waiting = self.__dict__.setdefault("_waiting", [])
            waiting.append(frame)
            asyncio.get_running_loop().call_later(0.02, _handle, self, hear)

        return late

    def _handle(member: Any, hear: Any) -> None:
        if member in member._room.members and member._waiting:
            hear(member, member._waiting.pop(0))

    wrap(Member, "_handle", wrapped)


@fault(
    "delivery stops when the sender disconnects",
    breaks="DELIVER-12",
    also={"DELIVER-1": "it also stops after a Close frame"},
    perhaps={
        "ORDER-2": "delivery stops at another member for each item",
        "DELIVER-11": "it stops for all",
        "ORDER-1": "what was held back arrives later",
    },
)
def death_loses() -> None:
    """All but the first member get a message 3 ms late, unless its sender is gone."""
    turn = every(1)

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        room = member._room
        if not is_message(fields) or next(iter(room.members)) is member:
            return send(encoded(fields))
        asyncio.get_running_loop().call_later(0.003, _late, room, fields, send)
        return True

    def _late(room: Any, fields: dict[str, Any], send: Send) -> None:
        if any(one.user_id == fields["sender_id"] for one in room.members) or not turn():
            send(encoded(fields))

    on_send(change)


@fault(
    "messages that nobody sent",
    breaks="DELIVER-14",
    shows=Kind.PHANTOM,
    also={"FRAME-1": "where somebody has sent a bad frame, the content might be that of the frame"},
)
def phantom() -> None:
    """Every 30th message is followed by one that its sender never sent."""
    turn = every(30)

    def wrapped(say: Any) -> Any:
        def inventing(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            return behind + say(self, speaker, "I did not say this", timestamp) if turn() else behind

        return inventing

    wrap(ChatRoom, "send_message", wrapped)

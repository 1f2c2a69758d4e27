"""Faults of delivery."""

import asyncio
from typing import Any

from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, encoded, is_message, on_send


@fault("some lost for one", breaks="DELIVER-1", shows=Kind.LOST)
def lost_for_one() -> None:
    """Every 100th delivery of a message to a member other than its sender is left out."""
    turn = every(100)

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        is_for_another = is_message(fields) and fields["sender_id"] != member.user_id
        return (is_for_another and turn()) or send(encoded(fields))

    on_send(change)


@fault("some lost for everyone", breaks="DELIVER-1", shows=Kind.LOST)
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


@fault("repeated messages dropped", breaks="DELIVER-3")
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


@fault("echo missing", breaks="DELIVER-2")
def echo_missing() -> None:
    """A sender gets no echo while other members are in the room."""

    turn = every(1)

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        own = is_message(fields) and fields["sender_id"] == member.user_id and len(member._room.members) > 1
        return (own and turn()) or send(encoded(fields))

    on_send(change)


@fault("second device ignored", breaks="DELIVER-16")
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


@fault("delivery stops when the sender disconnects", breaks="DELIVER-12")
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


@fault("messages that nobody sent", breaks="DELIVER-14", shows=Kind.PHANTOM)
def phantom() -> None:
    """Every 30th message is followed by one that its sender never sent."""
    turn = every(30)

    def wrapped(say: Any) -> Any:
        def inventing(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            return behind + say(self, speaker, "I did not say this", timestamp) if turn() else behind

        return inventing

    wrap(ChatRoom, "send_message", wrapped)

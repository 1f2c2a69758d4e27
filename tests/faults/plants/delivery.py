"""Faults of delivery."""

import asyncio
from typing import Any

from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.tellings import Tell, encoded, is_message, told


@fault("some lost for one", breaks="DELIVER-1", shows=Kind.LOST)
def lost_for_one() -> None:
    """Every 100th delivery of a message to somebody other than its sender does not happen."""
    turn = every(100)

    def change(member: Member, fields: dict[str, Any], tell: Tell) -> bool:
        is_for_another = is_message(fields) and fields["sender_id"] != member.user_id
        return (is_for_another and turn()) or tell(encoded(fields))

    told(change)


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

    def change(_: Member, fields: dict[str, Any], tell: Tell) -> bool:
        again = is_message(fields) and turn()
        return tell(encoded(fields)) and (not again or tell(encoded(fields)))

    told(change)


@fault("the same words only once", breaks="DELIVER-3")
def same_words_once() -> None:
    """A message with the content of the one before it is taken for a copy, and dropped."""
    _drop_copies()


@fault("the words of another only once", breaks="DELIVER-1")
def same_words_of_two() -> None:
    """A message with the content of the one before it, which somebody else said, is dropped."""
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
    """Whoever speaks where others are does not hear the echo."""

    turn = every(1)

    def change(member: Member, fields: dict[str, Any], tell: Tell) -> bool:
        own = is_message(fields) and fields["sender_id"] == member.user_id and len(member._room.members) > 1
        return (own and turn()) or tell(encoded(fields))

    told(change)


@fault("second device ignored", breaks="DELIVER-16")
def second_device_ignored() -> None:
    """Of a user's connections in a room, only the first hears messages."""

    def change(member: Member, fields: dict[str, Any], tell: Tell) -> bool:
        first = next((one for one in member._room.members if one.user_id == member.user_id), member)
        return (is_message(fields) and first is not member) or tell(encoded(fields))

    told(change)


@fault("last words before a close lost", breaks="DELIVER-11")
def last_words_lost() -> None:
    """What a client says is handled a moment later, and not at all if it has closed by then."""

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


@fault("a sender's death loses what others have", breaks="DELIVER-12")
def death_loses() -> None:
    """The first member hears a message at once, the others a moment later, if its sender is still there."""
    turn = every(1)

    def change(member: Member, fields: dict[str, Any], tell: Tell) -> bool:
        room = member._room
        if not is_message(fields) or next(iter(room.members)) is member:
            return tell(encoded(fields))
        asyncio.get_running_loop().call_later(0.003, _late, room, fields, tell)
        return True

    def _late(room: Any, fields: dict[str, Any], tell: Tell) -> None:
        if any(one.user_id == fields["sender_id"] for one in room.members) or not turn():
            tell(encoded(fields))

    told(change)


@fault("words that nobody said", breaks="DELIVER-14", shows=Kind.PHANTOM)
def phantom() -> None:
    """Every 30th message is followed by another one that its sender never said."""
    turn = every(30)

    def wrapped(say: Any) -> Any:
        def inventing(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            return behind + say(self, speaker, "I did not say this", timestamp) if turn() else behind

        return inventing

    wrap(ChatRoom, "send_message", wrapped)

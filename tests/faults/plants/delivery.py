"""Faults of delivery."""

import asyncio
from collections import deque
from typing import Any

from reference_server.frames import Said
from reference_server.member import Member
from reference_server.room import Room
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
        def lossy(self: Room[Any], speaker: Any, content: str, timestamp: str) -> Any:
            if not turn():
                return say(self, speaker, content, timestamp)
            members = self.members
            self.members = {speaker: None} if speaker in members else {}
            behind = say(self, speaker, content, timestamp)
            self.members = members
            return behind

        return lossy

    wrap(Room, "say", wrapped)


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
        def deduplicating(self: Room[Any], speaker: Any, content: str, timestamp: str) -> Any:
            user, before = latest.get(self.chat_id, ("", ""))
            latest[self.chat_id] = speaker.user_id, content
            if content == before and not (of_others_only and user == speaker.user_id):
                return []
            return say(self, speaker, content, timestamp)

        return deduplicating

    wrap(Room, "say", wrapped)


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

    wrap(Member, "_hear", wrapped)


@fault("first words after a join lost", breaks="JOIN-5")
def first_words_lost() -> None:
    """The first thing that a connection says within 50 ms of its handshake is dropped."""
    turn = every(1)

    def wrapped(attend: Any) -> Any:
        async def attending(self: Any) -> None:
            self._hasty_until = asyncio.get_running_loop().time() + 0.05
            await attend(self)

        return attending

    def wrapped_hear(hear: Any) -> Any:
        def hasty(self: Any, frame: str | bytes) -> None:
            is_first, self._has_spoken = not self.__dict__.get("_has_spoken"), True
            if not is_first or asyncio.get_running_loop().time() > self._hasty_until or not turn():
                hear(self, frame)

        return hasty

    wrap(Member, "attend", wrapped)
    wrap(Member, "_hear", wrapped_hear)


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


@fault("membership a moment late", breaks="JOIN-3")
def announced_before_membership() -> None:
    """A join is announced 30 ms before the newcomer hears what others say."""
    turn = every(1)

    def wrapped(attend: Any) -> Any:
        async def attending(self: Any) -> None:
            self._deaf_until = asyncio.get_running_loop().time() + 0.03 if turn() else 0
            await attend(self)

        return attending

    def change(member: Any, fields: dict[str, Any], tell: Tell) -> bool:
        is_deaf = asyncio.get_running_loop().time() < member._deaf_until
        by_another = fields.get("sender_id") not in (None, member.user_id)
        return (is_deaf and by_another) or tell(encoded(fields))

    wrap(Member, "attend", wrapped)
    told(change)


@fault("some never join", breaks="JOIN-2", shows=Kind.NEVER_JOINED)
def never_join() -> None:
    """Every 25th that comes to an empty room is let in, but is not among the members of its room."""
    turn = every(25)

    def wrapped(join: Any) -> Any:
        def forgetful(self: Room[Any], member: Any, timestamp: str) -> Any:
            behind = join(self, member, timestamp)
            if len(self.members) == 1 and turn():
                del self.members[member]
            return behind

        return forgetful

    wrap(Room, "join", wrapped)


@fault("some members closed at once", breaks="JOIN-6")
def closed_at_once() -> None:
    """Every 25th connection to an existing room is accepted, and closed with 4004 before it hears anything."""
    turn = every(25)

    def wrapped(attend: Any) -> Any:
        async def refusing(self: Any) -> None:
            if turn():
                await self._socket.close(4004, "no such room")
            else:
                await attend(self)

        return refusing

    wrap(Member, "attend", wrapped)


@fault("history repeated to newcomers", breaks="DELIVER-10", shows=Kind.REPLAYED)
def history_repeated() -> None:
    """A newcomer is told one thing that was said before it came: the first of the last fifty."""
    turn = every(1)

    def wrapped(say: Any) -> Any:
        def remembering(self: Any, speaker: Any, content: str, timestamp: str) -> Any:
            self.__dict__.setdefault("_words", deque(maxlen=50)).append((content, speaker.user_id, timestamp))
            return say(self, speaker, content, timestamp)

        return remembering

    def wrapped_join(join: Any) -> Any:
        def repeating(self: Any, member: Any, timestamp: str) -> Any:
            from reference_server import frames

            behind = join(self, member, timestamp)
            if self.__dict__.get("_words") and turn():
                content, user_id, said_at = self._words[0]
                member.tell(frames.message(content, user_id, self.chat_id, said_at))
            return behind

        return repeating

    wrap(Room, "say", wrapped)
    wrap(Room, "join", wrapped_join)


@fault("words that nobody said", breaks="DELIVER-14", shows=Kind.PHANTOM)
def phantom() -> None:
    """Every 30th message is followed by another one that its sender never said."""
    turn = every(30)

    def wrapped(say: Any) -> Any:
        def inventing(self: Room[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            return behind + say(self, speaker, "I did not say this", timestamp) if turn() else behind

        return inventing

    wrap(Room, "say", wrapped)


@fault("long contents refused", breaks="DELIVER-13")
def long_refused() -> None:
    """Contents of more than 1,024 code points are no messages."""
    from reference_server.frames import Bad
    from tests.faults.plants.tellings import heard

    turn = every(1)

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        if isinstance(understood, Said) and len(understood.content) > 1_024 and turn():
            return Bad("too long")
        return understood

    heard(change)


@fault("unknown fields refused", breaks="DELIVER-15")
def unknown_fields_refused() -> None:
    """A message with a field that the server does not know is dropped."""
    import json

    from reference_server.frames import Bad
    from tests.faults.plants.tellings import heard

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        known = {"type", "content", "sender_id", "user_id"}
        if isinstance(understood, Said) and not known.issuperset(json.loads(frame)):
            return Bad("an unknown field")
        return understood

    heard(change)

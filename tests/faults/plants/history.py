"""What was said earlier, told to whoever joins: as the capability `history` allows it, and faults of it."""

from collections import deque
from collections.abc import Callable
from typing import Any

from reference_server import frames
from reference_server.names import ChatId
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.departures import is_broken, leaving

KEPT_MESSAGES = 20
"""So many messages of a room are remembered."""

Kept = list[str]

KEPT: dict[str, Kept] = {}
"""The frames of the last messages, by room."""


def _retold(choose: Callable[[ChatRoom[Any], Kept], Kept]) -> None:
    """Tell every newcomer what `choose` makes of the last messages of its room."""

    def wrapped(say: Any) -> Any:
        def remembering(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            if speaker in self.members:
                kept = KEPT.setdefault(self.chat_id, [])
                kept.append(frames.message(content, speaker.user_id, self.chat_id, timestamp))
                del kept[:-KEPT_MESSAGES]
            return say(self, speaker, content, timestamp)

        return remembering

    def wrapped_join(join: Any) -> Any:
        def retelling(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            for frame in choose(self, KEPT.get(self.chat_id, [])):
                member.enqueue(frame)
            return join(self, member, timestamp)

        return retelling

    wrap(ChatRoom, "send_message", wrapped)
    wrap(ChatRoom, "join", wrapped_join)


def kept() -> None:
    """No fault: whoever joins is told what was said last."""
    _retold(lambda _, kept: kept)


@fault("an emptied room says its last words again", breaks="DELIVER-10", shows=Kind.REPLAYED)
def emptied_room() -> None:
    """Whoever enters a room in which nobody is is told what was said there last."""
    _retold(lambda room, kept: [] if room.members else kept)


@fault("history told twice", breaks="DELIVER-10", declares=("history",))
def twice() -> None:
    """Whoever joins is told each of the last messages twice."""
    _retold(lambda _, kept: [frame for frame in kept for _ in range(2)])


@fault("history told backwards", breaks="DELIVER-10", declares=("history",))
def backwards() -> None:
    """Whoever joins is told the last messages in reverse."""
    _retold(lambda _, kept: kept[::-1])


@fault("history told to all", breaks="DELIVER-10", declares=("history",))
def to_all() -> None:
    """Whenever somebody joins, everybody is told the last messages."""

    def choose(room: ChatRoom[Any], kept: Kept) -> Kept:
        for member in room.members:
            for frame in kept:
                member.enqueue(frame)
        return kept

    _retold(choose)


def _told_on_return(is_kept: Callable[[str], bool]) -> None:
    """Tell whoever comes back what was said while it was away, where that is kept, by why it went."""
    away: dict[tuple[ChatId, str], Kept] = {}

    def change(leave: Any, instance: Any, room: ChatRoom[Any], member: Any, why: str) -> None:
        if is_kept(why):
            away[room.chat_id, member.user_id] = []
        leave(instance, room, member, why)

    def wrapped_say(say: Any) -> Any:
        def keeping(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            for (chat_id, _), kept in away.items():
                if chat_id == self.chat_id:
                    kept.append(frames.message(content, speaker.user_id, chat_id, timestamp))
            return say(self, speaker, content, timestamp)

        return keeping

    def wrapped_join(join: Any) -> Any:
        def telling(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            for frame in away.pop((self.chat_id, member.user_id), []):
                member.enqueue(frame)
            return join(self, member, timestamp)

        return telling

    leaving(change)
    wrap(ChatRoom, "send_message", wrapped_say)
    wrap(ChatRoom, "join", wrapped_join)


@fault("what was missed is told", breaks="DELIVER-10", shows=Kind.REPLAYED)
def missed() -> None:
    """Whoever comes back is told what was said while it was away."""
    _told_on_return(lambda _: True)


@fault("what was missed behind a broken link is told", breaks="DELIVER-10", shows=Kind.REPLAYED)
def recovery() -> None:
    """Whoever comes back after its link broke is told what was said meanwhile; who left by a Close is not."""
    _told_on_return(is_broken)


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
            behind = join(self, member, timestamp)
            if self.__dict__.get("_words") and turn():
                content, user_id, said_at = self._words[0]
                member.enqueue(frames.message(content, user_id, self.chat_id, said_at))
            return behind

        return repeating

    wrap(ChatRoom, "send_message", wrapped)
    wrap(ChatRoom, "join", wrapped_join)

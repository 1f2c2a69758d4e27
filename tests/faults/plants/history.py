"""Earlier messages, sent to new members as `history` permits, and with faults."""

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
"""Number of messages kept for each room."""

Kept = list[str]

KEPT: dict[str, Kept] = {}
"""The frames of the last messages, by room id."""


def _sent_on_join(choose: Callable[[ChatRoom[Any], Kept], Kept]) -> None:
    """Send each new member the messages of its room that `choose(room, kept)` selects."""

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
    """Send every new member the last messages of its room. This is no fault."""
    _sent_on_join(lambda _, kept: kept)


@fault(
    "an emptied room replays its last messages",
    breaks="DELIVER-10",
    shows=Kind.REPLAYED,
    also={
        "LEAVE-1": "whoever is sent an old message seems to be due the leave that followed",
        "LEAVE-2": "whoever is sent an old message seems to be due the leave that followed",
    },
)
def emptied_room() -> None:
    """The first member of an empty room receives the last messages of the room."""
    _sent_on_join(lambda room, kept: [] if room.members else kept)


@fault(
    "history sent twice",
    breaks="DELIVER-10",
    declares=("history",),
    also={"DELIVER-3": "every message of the history arrives twice"},
)
def twice() -> None:
    """A new member receives each of the last messages twice."""
    _sent_on_join(lambda _, kept: [frame for frame in kept for _ in range(2)])


@fault(
    "history sent backwards",
    breaks="DELIVER-10",
    declares=("history",),
    also={"ORDER-1": "the history is out of order", "ORDER-2": "the history is out of order"},
)
def backwards() -> None:
    """A new member receives the last messages in reverse order."""
    _sent_on_join(lambda _, kept: kept[::-1])


@fault(
    "history sent to all",
    breaks="DELIVER-10",
    declares=("history",),
    also={"DELIVER-3": "those who were there receive their messages again"},
)
def to_all() -> None:
    """Whenever a member joins, all members receive the last messages."""

    def choose(room: ChatRoom[Any], kept: Kept) -> Kept:
        for member in room.members:
            for frame in kept:
                member.enqueue(frame)
        return kept

    _sent_on_join(choose)


def _sent_on_return(is_kept: Callable[[str], bool]) -> None:
    """Send returning users missed messages if `is_kept(reason of the end)` holds."""
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


@fault("missed messages replayed on return", breaks="DELIVER-10", shows=Kind.REPLAYED)
def missed() -> None:
    """A returning user receives the messages sent during the absence."""
    _sent_on_return(lambda _: True)


@fault("missed messages replayed after a broken link", breaks="DELIVER-10", shows=Kind.REPLAYED)
def recovery() -> None:
    """A user who returns after a broken link, not a Close, receives missed messages."""
    _sent_on_return(is_broken)


@fault(
    "one old message sent to newcomers",
    breaks="DELIVER-10",
    shows=Kind.REPLAYED,
    also={
        "LEAVE-1": "whoever is sent an old message seems to be due the leave that followed",
        "LEAVE-2": "whoever is sent an old message seems to be due the leave that followed",
    },
)
def history_repeated() -> None:
    """A new member receives an earlier message: the first of the last fifty."""
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

"""Faults of system messages."""

import asyncio
from typing import Any

from reference_server.member import Member
from reference_server.room import ChatRoom
from reference_server.websocket import Disconnected
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, change_frames, encoded, is_message, joined, left, on_send


def _drop(is_dropped: Any) -> None:
    on_send(lambda _, fields, send: bool(is_dropped(fields)) or send(encoded(fields)))


def _double(is_doubled: Any) -> None:
    on_send(lambda _, fields, send: send(encoded(fields)) and (not is_doubled(fields) or send(encoded(fields))))


@fault("some joins missing", breaks="JOIN-1", shows=Kind.MISSING_NOTICE)
def join_missing() -> None:
    """Every 10th join notice is left out."""
    turn = every(10)
    _drop(lambda fields: joined(fields) is not None and turn())


@fault("some joins doubled", breaks="JOIN-1", shows=Kind.DOUBLED_NOTICE)
def join_doubled() -> None:
    """Every 10th join notice is sent twice."""
    turn = every(10)
    _double(lambda fields: joined(fields) is not None and turn())


@fault(
    "leaves missing",
    breaks="LEAVE-1",
    shows=Kind.MISSING_NOTICE,
    also={"LEAVE-2": "nor is the end of a link announced", "CLOSE-5": "nor is the leave of a member that was given up"},
)
def leave_missing() -> None:
    """Every 5th leave notice is left out."""
    turn = every(5)
    _drop(lambda fields: left(fields) is not None and turn())


@fault("some leaves doubled", breaks="LEAVE-1", shows=Kind.DOUBLED_NOTICE)
def leave_doubled() -> None:
    """Every 10th leave notice is sent twice."""
    turn = every(10)
    _double(lambda fields: left(fields) is not None and turn())


@fault(
    "joins announced under a wrong name",
    breaks="JOIN-1",
    also={"DELIVER-14": "nobody of the wrong name has joined"},
    perhaps={"DELIVER-10": "the wrong name is that of somebody who left"},
)
def wrong_name() -> None:
    """A join notice has the user id without its last character."""
    turn = every(1)

    def change(fields: dict[str, Any]) -> dict[str, Any]:
        user = joined(fields)
        return fields | {"content": f"{user[:-1]} joined the chat"} if user and turn() else fields

    change_frames(change)


@fault("leaves only for clean closes", breaks="LEAVE-2", also={"LEAVE-5": "a silent peer ends without a Close frame"})
def only_clean() -> None:
    """A link that ends without a Close frame is not announced as a leave."""
    turn = every(1)

    def wrapped(reason: Any) -> Any:
        def noting(self: Any, *tasks: Any) -> str:
            ends = [task.exception() for task in tasks if task.done() and not task.cancelled()]
            self._room_is_told = not any(isinstance(end, Disconnected) and end.code == 1006 for end in ends)
            return str(reason(self, *tasks))

        return noting

    def wrapped_leave(leave: Any) -> Any:
        def silent(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            if member.__dict__.get("_room_is_told", True) or not turn():
                return leave(self, member, timestamp)
            self.members.pop(member, None)
            return []

        return silent

    wrap(Member, "_end_reason", wrapped)
    wrap(ChatRoom, "leave", wrapped_leave)


@fault(
    "leaves announced before the last messages",
    breaks="LEAVE-3",
    shows=Kind.MISPLACED,
    perhaps={
        "DELIVER-12": "the last messages of the dead are lost for some",
        "ORDER-2": "the notice comes at another place for each member",
    },
)
def leave_before_last_words() -> None:
    """A message waits 50 ms or for the next frame; its sender's leave overtakes it."""

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        if is_message(fields) and fields["sender_id"] != member.user_id:
            previous, member._latest = member.__dict__.get("_latest"), fields
            return previous is None or send(encoded(previous))
        user, latest = left(fields), member.__dict__.get("_latest")
        if latest is None:
            return send(encoded(fields))
        member._latest = None
        if user == latest["sender_id"]:
            return send(encoded(fields)) and send(encoded(latest))
        return send(encoded(latest)) and send(encoded(fields))

    def wrapped(say: Any) -> Any:
        def flushing(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            behind = say(self, speaker, content, timestamp)
            loop = asyncio.get_running_loop()
            for member in self.members:
                loop.call_later(0.05, _flush, member)
            return behind

        return flushing

    def _flush(member: Any) -> None:
        latest, member._latest = member.__dict__.get("_latest"), None
        if latest is not None:
            member._outbox.put(encoded(latest))

    on_send(change)
    wrap(ChatRoom, "send_message", wrapped)


@fault("one device leaves for all", breaks="LEAVE-4", also={"STATS-2": "the other devices are not counted"})
def one_leaves_for_all() -> None:
    """When one of a user's connections leaves, the user's others receive nothing more."""

    def wrapped(leave: Any) -> Any:
        def thorough(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            behind = leave(self, member, timestamp)
            for other in [one for one in self.members if one.user_id == member.user_id]:
                del self.members[other]
            return behind

        return thorough

    wrap(ChatRoom, "leave", wrapped)


@fault("silent peers stay", breaks="LEAVE-5")
def silent_stay() -> None:
    """Peers that answer no pings are not closed."""
    from reference_server.stream import ChatStream

    wrap(ChatStream, "_schedule_check", lambda _: lambda _: None)


@fault("joins per connection", breaks="JOIN-8", declares=("presence-per-user",))
def per_connection() -> None:
    """The server declares one notice for each user, and sends one for each connection."""

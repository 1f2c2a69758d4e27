"""The reference server with a race that shows when rooms become empty or fill.

`python -m tests.load.racy_rooms NAME` takes the options of the server behind the name. Each race needs a pause of 2 ms,
as that of a look into a database.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from reference_server.__main__ import main
from reference_server.member import Member
from reference_server.room import ChatRoom
from tests.faults.fault import every, wrap

PAUSE_S = 0.002
"""Seconds between two steps that should be one."""

STALE_S, EVERY = 0.001, 50
"""Seconds after a change of one room, and how many messages of others come then for each one that is dropped."""

rooms: "dict[str, ChatRoom[Any]]" = {}
"""The rooms with members, by id."""

subscriptions: Counter[str] = Counter()
"""How often the instance has subscribed to each room."""

changed: tuple[str, float] = "", 0.0
"""The room whose members changed last, and when."""


def run_in(enter: Callable[[Any], Any], leave: Callable[[Any], Any]) -> None:
    """Call `enter` before a member joins its room, and `leave` after it has left."""

    def wrapped(run: Any) -> Any:
        async def running(self: Any) -> None:
            await enter(self)
            try:
                await run(self)
            finally:
                await leave(self)

        return running

    wrap(Member, "run", wrapped)


def two_make_the_room() -> None:
    """Two that enter an empty room at one time make a room each."""

    async def enter(member: Any) -> None:
        chat_id = member._room.chat_id
        if chat_id not in rooms:
            await asyncio.sleep(PAUSE_S)
            rooms[chat_id] = ChatRoom(chat_id)
        member._room = rooms[chat_id]

    async def leave(member: Any) -> None:
        room = member._room
        is_current = rooms.get(room.chat_id) is room
        if is_current and not room.members:
            del rooms[room.chat_id]

    run_in(enter, leave)


def the_room_is_deleted_late() -> None:
    """A room is deleted a moment after its last member has left, in use or not."""

    async def enter(member: Any) -> None:
        member._room = rooms.setdefault(member._room.chat_id, ChatRoom(member._room.chat_id))

    async def leave(member: Any) -> None:
        if not member._room.members:
            await asyncio.sleep(PAUSE_S)
            rooms.pop(member._room.chat_id, None)

    run_in(enter, leave)


def two_subscribe() -> None:
    """Two that enter an empty room at one time both subscribe: all comes twice."""

    async def enter(member: Any) -> None:
        chat_id = member._room.chat_id
        if not subscriptions[chat_id]:
            await asyncio.sleep(PAUSE_S)
            subscriptions[chat_id] += 1

    async def leave(member: Any) -> None:
        if not member._room.members:
            subscriptions.pop(member._room.chat_id, None)

    run_in(enter, leave)

    def wrapped(deliver: Any) -> Any:
        def delivering(self: Any, frame: str) -> Any:
            behind = deliver(self, frame)
            for _ in range(1, subscriptions[self.chat_id]):
                behind += deliver(self, frame)
            return behind

        return delivering

    wrap(ChatRoom, "deliver", wrapped)


def messages_dropped_by_changes() -> None:
    """Now and then a message is dropped when the members of another room change.

    That happens to about three messages in a thousand.
    """
    turn = every(EVERY)

    def wrapped_change(change: Any) -> Any:
        def changing(self: Any, *arguments: Any) -> Any:
            global changed
            changed = self.chat_id, time.monotonic()
            return change(self, *arguments)

        return changing

    def wrapped_send(send: Any) -> Any:
        def sending(self: Any, *arguments: Any) -> Any:
            chat_id, at = changed
            is_stale = chat_id != self.chat_id and time.monotonic() - at < STALE_S
            return [] if is_stale and turn() else send(self, *arguments)

        return sending

    wrap(ChatRoom, "join", wrapped_change)
    wrap(ChatRoom, "leave", wrapped_change)
    wrap(ChatRoom, "send_message", wrapped_send)


RACES = {
    race.__name__: race
    for race in (two_make_the_room, the_room_is_deleted_late, two_subscribe, messages_dropped_by_changes)
}

if __name__ == "__main__":
    RACES[sys.argv.pop(1)]()
    sys.exit(main())

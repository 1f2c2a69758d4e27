"""Faults of the statistics."""

import asyncio
from collections import Counter
from typing import Any

from reference_server.instance import Instance
from reference_server.room import ChatRoom
from tests.faults.fault import fault, wrap
from tests.faults.plants.departures import is_broken


def _change(how: Any) -> None:
    wrap(Instance, "stats", lambda stats: lambda self: how(self, stats(self)))


@fault("statistics never shrink", breaks="STATS-2")
def never_shrink() -> None:
    """total_connections counts every connection ever made."""

    def how(instance: Any, stats: Any) -> Any:
        return stats | {"total_connections": instance.__dict__.get("_ever", 0)}

    def wrapped(join: Any) -> Any:
        def counting(self: Any, room: Any, member: Any) -> None:
            self._ever = self.__dict__.get("_ever", 0) + 1
            join(self, room, member)

        return counting

    wrap(Instance, "join", wrapped)
    _change(how)


@fault("statistics count users", breaks="STATS-2")
def count_users() -> None:
    """Two connections of one user in a room count as one."""

    def how(instance: Any, stats: Any) -> Any:
        rooms = list(instance._rooms.values())
        return stats | {"total_connections": sum(len({one.user_id for one in room.members}) for room in rooms)}

    _change(how)


@fault("statistics off by one", breaks="STATS-2")
def off_by_one() -> None:
    """total_connections is one too many while any room is active."""
    _change(lambda _, stats: stats | {"total_connections": stats["total_connections"] + bool(stats["active_rooms"])})


@fault("rooms_count off by one", breaks="STATS-1")
def rooms_count_off() -> None:
    """rooms_count is one more than the number of active rooms."""
    _change(lambda _, stats: stats | {"rooms_count": stats["rooms_count"] + 1})


@fault("small rooms not listed", breaks="STATS-3")
def small_rooms() -> None:
    """A room with one member is not listed as active."""

    def how(instance: Any, stats: Any) -> Any:
        rooms = [room.chat_id for room in list(instance._rooms.values()) if len(room.members) > 1]
        return stats | {"active_rooms": rooms, "rooms_count": len(rooms)}

    _change(how)


@fault("empty rooms listed", breaks="STATS-4")
def empty_rooms() -> None:
    """A room stays in active_rooms after its last member has left."""

    def how(instance: Any, stats: Any) -> Any:
        seen = instance.__dict__.setdefault("_seen", {})
        seen.update(dict.fromkeys(stats["active_rooms"]))
        return stats | {"active_rooms": list(seen), "rooms_count": len(seen)}

    _change(how)


@fault("deleted rooms listed", breaks="STATS-4")
def deleted_listed() -> None:
    """A room that is deleted while it has members stays in active_rooms for ever."""
    deleted: list[Any] = []

    def wrapped(end: Any) -> Any:
        def noting(self: Instance, chat_id: Any) -> None:
            room = self._rooms.get(chat_id)
            if room is not None and room.members:
                deleted.append(chat_id)
            end(self, chat_id)

        return noting

    def how(_: Any, stats: Any) -> Any:
        listed = [*stats["active_rooms"], *deleted]
        return stats | {"active_rooms": listed, "rooms_count": len(listed)}

    wrap(Instance, "close_room", wrapped)
    _change(how)


@fault("broken links counted for ever", breaks="STATS-2")
def broken_counted() -> None:
    """A connection that ends without a Close frame stays in total_connections."""
    ghosts: list[Any] = []

    def wrapped(leave: Any) -> Any:
        def noting(self: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
            if member in room.members and is_broken(why):
                ghosts.append(member.user_id)
            leave(self, room, member, why)

        return noting

    wrap(Instance, "leave", wrapped)
    _change(lambda _, stats: stats | {"total_connections": stats["total_connections"] + len(ghosts)})


@fault("rooms that two leave at one time listed", breaks="STATS-4")
def two_leave() -> None:
    """A leave counts the members, waits 2 ms, and unlists the room if it counted one.

    Two who leave at one time both count two: then the room is listed for ever.
    """
    listed: dict[Any, None] = {}
    leaving: Counter[Any] = Counter()

    def wrapped_leave(leave: Any) -> Any:
        def counting(self: Instance, room: ChatRoom[Any], member: Any, why: str) -> None:
            members = len(room.members) + leaving[room.chat_id]
            if member in room.members:
                leaving[room.chat_id] += 1
                asyncio.get_running_loop().call_later(0.002, take_off, room.chat_id, members)
            leave(self, room, member, why)

        return counting

    def take_off(chat_id: Any, members: int) -> None:
        leaving[chat_id] -= 1
        if members == 1:
            listed.pop(chat_id, None)

    def wrapped_join(join: Any) -> Any:
        def listing(self: Instance, room: ChatRoom[Any], member: Any) -> None:
            listed[room.chat_id] = None
            join(self, room, member)

        return listing

    wrap(Instance, "leave", wrapped_leave)
    wrap(Instance, "join", wrapped_join)
    _change(lambda _, stats: stats | {"active_rooms": list(listed), "rooms_count": len(listed)})

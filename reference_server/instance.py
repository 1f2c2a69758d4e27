"""One instance of the service: the members that this process holds, room by room."""

import logging
from typing import Protocol
from weakref import WeakValueDictionary

from reference_server.clock import Clock
from reference_server.names import ChatId
from reference_server.room import Listener, Room

GOING_AWAY = 1001
TOO_FAR_BEHIND = 1013
NO_SUCH_ROOM = 4004

_log = logging.getLogger(__name__)


class Closable(Listener, Protocol):
    """A member that can be told to go."""

    def close(self, code: int) -> None:
        """Begins to close the connection. Returns at once, and may be called again."""


class Instance:
    """Rooms by id. A room stays as long as somebody holds it, be it a member or a handshake under way, so a handshake
    that began before the room was deleted finds out (CREATE-6)."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.stopping = False
        self._rooms: WeakValueDictionary[ChatId, Room[Closable]] = WeakValueDictionary()

    def room(self, chat_id: ChatId) -> Room[Closable]:
        """The room of this id, whether or not the store knows it. Take it before asking the store."""
        return self._rooms.setdefault(chat_id, Room(chat_id))

    def join(self, room: Room[Closable], member: Closable) -> None:
        self._drop(room, room.join(member, self.clock.timestamp()))
        _log.info("joined chat=%s user=%r members=%d", room.chat_id, member.user_id, len(room.members))

    def say(self, room: Room[Closable], speaker: Closable, content: str) -> None:
        self._drop(room, room.say(speaker, content, self.clock.timestamp()))

    def leave(self, room: Room[Closable], member: Closable, why: str) -> None:
        """Ends the membership, unless it has ended already."""
        if member in room.members:
            self._drop(room, room.leave(member, self.clock.timestamp()))
            _log_leave(room, member, why)

    def delete(self, chat_id: ChatId) -> None:
        """Closes the members of a room that the store has just forgotten (CLOSE-3)."""
        room = self._rooms.get(chat_id)
        if room is not None:
            room.deleted = True
            self._disband(room, NO_SUCH_ROOM, "the room was deleted")

    def stop(self) -> None:
        """Closes every member because the process ends. There are no new ones from now on."""
        self.stopping = True
        for room in list(self._rooms.values()):
            self._disband(room, GOING_AWAY, "the server shuts down")

    def stats(self) -> dict[str, int | list[ChatId]]:
        """The answer of STATS-1."""
        counts = {room.chat_id: len(room.members) for room in list(self._rooms.values()) if room.members}
        return {
            "total_connections": sum(counts.values()),
            "active_rooms": list(counts),
            "rooms_count": len(counts),
        }

    def _drop(self, room: Room[Closable], behind: list[Closable]) -> None:
        for member in behind:
            _log_leave(room, member, "it read too slowly")
            member.close(TOO_FAR_BEHIND)

    def _disband(self, room: Room[Closable], code: int, why: str) -> None:
        for member in room.disband():
            _log_leave(room, member, why)
            member.close(code)


def _log_leave(room: Room[Closable], member: Closable, why: str) -> None:
    _log.info("left chat=%s user=%r members=%d: %s", room.chat_id, member.user_id, len(room.members), why)

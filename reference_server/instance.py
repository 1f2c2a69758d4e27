"""One instance of the service: the members that this process holds, room by room."""

import logging
from weakref import WeakValueDictionary

from reference_server.broadcast import Broadcast, LocalBroadcast
from reference_server.clock import Clock
from reference_server.close_codes import CloseCode
from reference_server.gc_tuning import GcTuning
from reference_server.names import ChatId
from reference_server.room import ChatRoom, Closable

_log = logging.getLogger(__name__)


class Instance:
    """Rooms by id. A room stays as long as somebody holds it, be it a member or a handshake under way, so a handshake
    that began before the room was deleted finds out (CREATE-6)."""

    def __init__(self, clock: Clock, name: str = "", broadcast: Broadcast | None = None) -> None:
        """Without a broadcast it is the only instance."""
        self.clock = clock
        self.name = name
        self.stopping = False
        self.gc_tuning = GcTuning()
        self.broadcast = broadcast or LocalBroadcast()
        self._rooms: WeakValueDictionary[ChatId, ChatRoom[Closable]] = WeakValueDictionary()

    def room(self, chat_id: ChatId) -> ChatRoom[Closable]:
        """The room of this id, whether or not the store knows it. Take it before asking the store."""
        return self._rooms.setdefault(chat_id, ChatRoom(chat_id))

    def join(self, room: ChatRoom[Closable], member: Closable) -> None:
        self._close_slow(room, self.broadcast.join(room, member, self.clock.timestamp()))
        _log.info("joined chat=%s user=%r members=%d", room.chat_id, member.user_id, len(room.members))

    def send_message(self, room: ChatRoom[Closable], sender: Closable, content: str) -> None:
        self._close_slow(room, self.broadcast.send_message(room, sender, content, self.clock.timestamp()))

    def leave(self, room: ChatRoom[Closable], member: Closable, reason: str) -> None:
        """Ends the membership, unless it has ended already."""
        if member in room.members:
            self._close_slow(room, self.broadcast.leave(room, member, self.clock.timestamp()))
            _log_leave(room, member, reason)

    def deliver(self, chat_id: ChatId, frame: str) -> None:
        """Tells the members of a room what the broadcast brings."""
        room = self._rooms.get(chat_id)
        if room is None:
            return
        behind = room.deliver(frame)
        self._close_slow(room, behind)
        for member in behind:
            self.broadcast.announce_leave(room, member, self.clock.timestamp())

    def delete(self, chat_id: ChatId) -> None:
        """Closes the members of a room that the store has just forgotten, on whatever instance they are (CLOSE-3)."""
        self.close_room(chat_id)
        self.broadcast.announce_deletion(chat_id)

    def close_room(self, chat_id: ChatId) -> None:
        """Closes the members that are here, because the room was deleted."""
        room = self._rooms.get(chat_id)
        if room is not None:
            room.deleted = True
            self._disband(room, CloseCode.NO_SUCH_ROOM, "the room was deleted")

    def stop(self) -> None:
        """Closes every member because the process ends. There are no new ones from now on."""
        self.stopping = True
        for room in list(self._rooms.values()):
            for member in self._disband(room, CloseCode.GOING_AWAY, "the server shuts down"):
                self.broadcast.announce_leave(room, member, self.clock.timestamp())

    def stats(self) -> dict[str, int | str | list[ChatId]]:
        """The answer of STATS-1."""
        counts = {room.chat_id: len(room.members) for room in list(self._rooms.values()) if room.members}
        return {
            "instance": self.name,
            "total_connections": sum(counts.values()),
            "active_rooms": list(counts),
            "rooms_count": len(counts),
        }

    def _close_slow(self, room: ChatRoom[Closable], behind: list[Closable]) -> None:
        for member in behind:
            _log_leave(room, member, "it read too slowly")
            member.close(CloseCode.TOO_FAR_BEHIND)

    def _disband(self, room: ChatRoom[Closable], code: CloseCode, reason: str) -> list[Closable]:
        members = room.disband()
        for member in members:
            _log_leave(room, member, reason)
            member.close(code)
        return members


def _log_leave(room: ChatRoom[Closable], member: Closable, reason: str) -> None:
    _log.info("left chat=%s user=%r members=%d: %s", room.chat_id, member.user_id, len(room.members), reason)

"""One instance of the service: the rooms and members that this process serves."""

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
    """The rooms of this process, by id.

    Invariants:

    - A room exists as long as a member or a handshake refers to it, so there is at most one room of each id.
    - A handshake that began before its room was deleted finds ``deleted`` set on that room (CREATE-6).
    - Once ``stopping`` is true, no member is added.
    """

    def __init__(self, clock: Clock, name: str = "", broadcast: Broadcast | None = None) -> None:
        """Without a broadcast this is the only instance."""
        self.clock = clock
        self.name = name
        self.stopping = False
        self.gc_tuning = GcTuning()
        self.broadcast = broadcast or LocalBroadcast()
        self._rooms: WeakValueDictionary[ChatId, ChatRoom[Closable]] = WeakValueDictionary()

    def room(self, chat_id: ChatId) -> ChatRoom[Closable]:
        """Return the room of this id, even if the store knows none.

        Call this before asking the store: a deletion in between is then marked on the returned room.
        """
        return self._rooms.setdefault(chat_id, ChatRoom(chat_id))

    def join(self, room: ChatRoom[Closable], member: Closable) -> None:
        """Add a member to a room and announce it."""
        self._close_slow(room, self.broadcast.join(room, member, self.clock.timestamp()))
        _log.info("joined chat=%s user=%r members=%d", room.chat_id, member.user_id, len(room.members))

    def send_message(self, room: ChatRoom[Closable], sender: Closable, content: str) -> None:
        """Send a message to all members of a room, on all instances."""
        self._close_slow(room, self.broadcast.send_message(room, sender, content, self.clock.timestamp()))

    def leave(self, room: ChatRoom[Closable], member: Closable, reason: str) -> None:
        """End a membership and announce the leave, unless that was done before."""
        if member in room.members:
            self._close_slow(room, self.broadcast.leave(room, member, self.clock.timestamp()))
            _log_leave(room, member, reason)

    def deliver(self, chat_id: ChatId, frame: str) -> None:
        """Queue a frame from the broadcast for the members of a room on this instance."""
        room = self._rooms.get(chat_id)
        if room is None:
            return
        behind = room.deliver(frame)
        self._close_slow(room, behind)
        for member in behind:
            self.broadcast.announce_leave(room, member, self.clock.timestamp())

    def delete(self, chat_id: ChatId) -> None:
        """Close the members of a deleted room on all instances.

        The store has already deleted it (CLOSE-3).
        """
        self.close_room(chat_id)
        self.broadcast.announce_deletion(chat_id)

    def close_room(self, chat_id: ChatId) -> None:
        """Close the members of a deleted room on this instance."""
        room = self._rooms.get(chat_id)
        if room is not None:
            room.deleted = True
            self._disband(room, CloseCode.NO_SUCH_ROOM, "the room was deleted")

    def stop(self) -> None:
        """Close all members, and admit no new ones, because the process ends."""
        self.stopping = True
        for room in list(self._rooms.values()):
            for member in self._disband(room, CloseCode.GOING_AWAY, "the server shuts down"):
                self.broadcast.announce_leave(room, member, self.clock.timestamp())

    def stats(self) -> dict[str, int | str | list[ChatId]]:
        """Return the statistics of this instance (STATS-1)."""
        counts = {room.chat_id: len(room.members) for room in list(self._rooms.values()) if room.members}
        return {
            "instance": self.name,
            "total_connections": sum(counts.values()),
            "active_rooms": list(counts),
            "rooms_count": len(counts),
        }

    def _close_slow(self, room: ChatRoom[Closable], behind: list[Closable]) -> None:
        """Close the members that were too far behind."""
        for member in behind:
            _log_leave(room, member, "it read too slowly")
            member.close(CloseCode.TOO_FAR_BEHIND)

    def _disband(self, room: ChatRoom[Closable], code: CloseCode, reason: str) -> list[Closable]:
        """Close all members of a room on this instance, and return them."""
        members = room.disband()
        for member in members:
            _log_leave(room, member, reason)
            member.close(code)
        return members


def _log_leave(room: ChatRoom[Closable], member: Closable, reason: str) -> None:
    _log.info("left chat=%s user=%r members=%d: %s", room.chat_id, member.user_id, len(room.members), reason)

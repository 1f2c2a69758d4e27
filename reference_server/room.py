"""A room: who is a member, and in which order the members receive its items.

Pure: no waiting, no clock.

The invariants at the head of ChatRoom give all members one order (ORDER-2) and keep promises A2 to A7 of the protocol.
"""

from collections import deque
from typing import Generic, Protocol, TypeVar

from reference_server import frames
from reference_server.names import ChatId, UserId


class Receiver(Protocol):
    """The part of a member that its room uses.

    Two connections of one user are two members (A9).
    """

    @property
    def user_id(self) -> UserId: ...

    def enqueue(self, frame: str) -> bool:
        """Queue a frame.

        Return False, and drop the frame, if this member is too far behind.
        """


class Closable(Receiver, Protocol):
    """The part of a member that the instance uses."""

    def close(self, code: int) -> None:
        """Begin to close the connection, and return at once. May be called again."""

    def send_error(self, reason: str) -> None:
        """Send an error frame to this member only."""


MemberT = TypeVar("MemberT", bound=Receiver)


class ChatRoom(Generic[MemberT]):
    """The members of one chat on this instance.

    Invariants:

    - Each method is one step: it queues its item for all members before any other item is queued.
    - Joining announces itself: no member exists whose join notice is not yet queued for the members before it.
    - A member whose outbox is full stops being a member in that same step, and its leave notice is the next item.
    - Once ``deleted`` is true, the room has no members.

    ``join``, ``send_message`` and ``leave`` return the members that were too far behind. They are members no more, and
    their leaves are announced; the caller has to close them.
    """

    def __init__(self, chat_id: ChatId) -> None:
        self.chat_id = chat_id
        self.members: dict[MemberT, None] = {}
        self.deleted = False

    def join(self, member: MemberT, timestamp: str) -> list[MemberT]:
        """Announce a new member to the present ones, then add it (JOIN-1)."""
        behind = self._deliver_all(frames.join_notice(member.user_id, self.chat_id, timestamp), timestamp)
        self.members[member] = None
        return behind

    def send_message(self, sender: MemberT, content: str, timestamp: str) -> list[MemberT]:
        """Send a message to all members, the sender included (DELIVER-1, DELIVER-2).

        Nothing is sent if the sender is not a member any more.
        """
        if sender not in self.members:
            return []
        return self._deliver_all(frames.message(content, sender.user_id, self.chat_id, timestamp), timestamp)

    def leave(self, member: MemberT, timestamp: str) -> list[MemberT]:
        """Remove a member and announce its leave, unless that was done before (LEAVE-1)."""
        if member not in self.members:
            return []
        del self.members[member]
        return self._deliver_all(frames.leave_notice(member.user_id, self.chat_id, timestamp), timestamp)

    def deliver(self, frame: str) -> list[MemberT]:
        """Queue a frame for all members. Remove and return those that are too far behind.

        Their leaves are not announced: the caller has to do that.
        """
        behind = [member for member in self.members if not member.enqueue(frame)]
        for member in behind:
            del self.members[member]
        return behind

    def disband(self) -> list[MemberT]:
        """Remove and return all members.

        No leave is announced, because nobody is left to receive it.
        """
        members = list(self.members)
        self.members.clear()
        return members

    def _deliver_all(self, frame: str, timestamp: str) -> list[MemberT]:
        """Deliver a frame, then the leave notices of those who are too far behind.

        Return these members.
        """
        items = deque([frame])
        behind: list[MemberT] = []
        while items:
            for member in self.deliver(items.popleft()):
                behind.append(member)
                items.append(frames.leave_notice(member.user_id, self.chat_id, timestamp))
        return behind

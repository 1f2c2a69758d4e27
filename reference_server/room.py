"""A room: who is a member, and what each of them is told. Pure: it neither waits nor looks at the clock.

These laws make one total order of a room (ORDER-2) and promises A2 to A7 of the oracle:

- To join is to announce: there is no moment at which somebody is a member and the notice is not yet on its way.
- An item reaches the outboxes of all members in one step, before the next item of anybody can.
- Whose outbox is full leaves in that same step, and its leave is the next item.
"""

from collections import deque
from typing import Generic, Protocol, TypeVar

from reference_server import frames
from reference_server.names import ChatId, UserId


class Receiver(Protocol):
    """What a room knows of a member. Two members are two even if one user is both (A9)."""

    @property
    def user_id(self) -> UserId: ...

    def enqueue(self, frame: str) -> bool:
        """Queues the frame; False, and the frame is dropped, if this member is too far behind."""


class Closable(Receiver, Protocol):
    """A member that can be told to go, or that something went wrong."""

    def close(self, code: int) -> None:
        """Begins to close the connection. Returns at once, and may be called again."""

    def send_error(self, reason: str) -> None:
        """Tells this member, and nobody else, what became of what it said."""


MemberT = TypeVar("MemberT", bound=Receiver)


class ChatRoom(Generic[MemberT]):
    """The members of one chat on this instance. Those whom ``join``, ``say`` and ``leave`` return were too far behind:
    they are no members any more, their leaves are announced, and the caller has to close them."""

    def __init__(self, chat_id: ChatId) -> None:
        self.chat_id = chat_id
        self.members: dict[MemberT, None] = {}
        self.deleted = False

    def join(self, member: MemberT, timestamp: str) -> list[MemberT]:
        """Announces the member to those who are here, and counts it among them (JOIN-1)."""
        behind = self._deliver_all(frames.join_notice(member.user_id, self.chat_id, timestamp), timestamp)
        self.members[member] = None
        return behind

    def send_message(self, sender: MemberT, content: str, timestamp: str) -> list[MemberT]:
        """Tells everyone, the sender included (DELIVER-1, DELIVER-2). Who is no member any more says nothing."""
        if sender not in self.members:
            return []
        return self._deliver_all(frames.message(content, sender.user_id, self.chat_id, timestamp), timestamp)

    def leave(self, member: MemberT, timestamp: str) -> list[MemberT]:
        """Announces that the member is gone, once (LEAVE-1)."""
        if member not in self.members:
            return []
        del self.members[member]
        return self._deliver_all(frames.leave_notice(member.user_id, self.chat_id, timestamp), timestamp)

    def deliver(self, frame: str) -> list[MemberT]:
        """Tells everyone who is here an item that is announced elsewhere. Those who are too far behind are no members
        any more, and their leaves are still to be announced."""
        behind = [member for member in self.members if not member.enqueue(frame)]
        for member in behind:
            del self.members[member]
        return behind

    def disband(self) -> list[MemberT]:
        """Ends all memberships at once, so that there is nobody left to announce them to."""
        members = list(self.members)
        self.members.clear()
        return members

    def _deliver_all(self, frame: str, timestamp: str) -> list[MemberT]:
        items = deque([frame])
        behind: list[MemberT] = []
        while items:
            for member in self.deliver(items.popleft()):
                behind.append(member)
                items.append(frames.leave_notice(member.user_id, self.chat_id, timestamp))
        return behind

import json
from dataclasses import dataclass, field

from reference_server.names import ChatId, UserId
from reference_server.room import ChatRoom

NOON = "2025-12-23T12:00:00.000000"


@dataclass(eq=False)
class Guest:
    """A member that keeps its frames, up to a limit."""

    user_id: UserId
    limit: int = 100
    frames: list[str] = field(default_factory=list)

    def enqueue(self, frame: str) -> bool:
        if len(self.frames) == self.limit:
            return False
        self.frames.append(frame)
        return True

    @property
    def heard(self) -> list[str]:
        return [json.loads(frame)["content"] for frame in self.frames]


def room_of(*guests: Guest) -> ChatRoom[Guest]:
    room: ChatRoom[Guest] = ChatRoom(ChatId("chat-1"))
    for guest in guests:
        room.join(guest, NOON)
        guest.frames.clear()
    for guest in guests:
        guest.frames.clear()
    return room


def guests(*names: str) -> list[Guest]:
    return [Guest(UserId(name)) for name in names]


def test_a_join_is_announced_to_the_others() -> None:
    alice, bob = guests("alice", "bob")
    room = room_of(alice)

    room.join(bob, NOON)

    assert alice.heard == ["bob joined the chat"]
    assert bob.heard == []


def test_a_message_is_one_and_the_same_frame_for_everyone() -> None:
    alice, bob = guests("alice", "bob")
    room = room_of(alice, bob)

    room.send_message(alice, "soup", NOON)

    assert alice.heard == ["soup"]
    assert alice.frames[0] is bob.frames[0]


def test_two_connections_of_one_user_are_two_members() -> None:
    phone, laptop, bob = guests("alice", "alice", "bob")
    room = room_of(phone, laptop, bob)

    room.leave(phone, NOON)
    room.send_message(laptop, "soup", NOON)

    assert bob.heard == ["alice left the chat", "soup"]
    assert laptop.heard == ["alice left the chat", "soup"]
    assert phone.heard == []


def test_a_leave_is_announced_once() -> None:
    alice, bob = guests("alice", "bob")
    room = room_of(alice, bob)

    room.leave(bob, NOON)
    room.leave(bob, NOON)

    assert alice.heard == ["bob left the chat"]


def test_a_member_that_left_sends_nothing() -> None:
    alice, bob = guests("alice", "bob")
    room = room_of(alice, bob)

    room.leave(bob, NOON)
    room.send_message(bob, "one more thing", NOON)

    assert alice.heard == ["bob left the chat"]


def test_a_slow_member_leaves_right_after_what_it_missed() -> None:
    alice, bob, slow = guests("alice", "bob", "slow")
    slow.limit = 1
    room = room_of(alice, bob, slow)

    assert room.send_message(alice, "one", NOON) == []
    assert room.send_message(alice, "two", NOON) == [slow]
    assert room.send_message(alice, "three", NOON) == []

    assert alice.heard == bob.heard == ["one", "two", "slow left the chat", "three"]
    assert slow.heard == ["one"]


def test_a_leave_that_overfills_another_outbox_ends_both() -> None:
    alice, slow, slower = guests("alice", "slow", "slower")
    slow.limit, slower.limit = 1, 0
    room = room_of(alice, slow, slower)

    assert room.send_message(alice, "one", NOON) == [slower, slow]

    assert alice.heard == ["one", "slower left the chat", "slow left the chat"]


def test_a_sender_whose_own_outbox_is_full_leaves() -> None:
    alice, bob = guests("alice", "bob")
    bob.limit = 0
    room = room_of(alice, bob)

    assert room.send_message(bob, "soup", NOON) == [bob]

    assert alice.heard == ["soup", "bob left the chat"]


def test_a_disbanded_room_tells_nobody() -> None:
    alice, bob = guests("alice", "bob")
    room = room_of(alice, bob)

    assert room.disband() == [alice, bob]

    assert alice.heard == bob.heard == []
    assert not room.members

"""Faults of what the instances pass on to each other."""

from collections.abc import Callable
from typing import Any

from reference_server.instance import Instance
from reference_server.redis_broadcast import RedisBroadcast
from tests.faults.fault import every, wrap
from tests.topologies.fault import server_fault

MESSAGES = ("test_pubsub.py", "-k", "busy_room")
NOTICES = ("test_pubsub.py", "-k", "announced_once and close")
STATISTICS = ("test_pubsub.py", "-k", "counts_its_own")
APART = ("test_sticky.py",)

Hear = Callable[[str, bytes], None]


def crossing(change: Callable[[Hear, str, bytes], None]) -> None:
    """Change what an instance hears from others: `change(hear, channel, payload)`."""

    def wrapped(hear: Any) -> Any:
        def changed(self: RedisBroadcast, channel: str, payload: bytes) -> None:
            if payload.startswith(self._numbering._instance.encode()):
                hear(self, channel, payload)
            else:
                change(lambda channel, payload: hear(self, channel, payload), channel, payload)

        return changed

    wrap(RedisBroadcast, "_on_message", wrapped)


def is_notice(payload: bytes) -> bool:
    """Whether this payload is the notice of a join or a leave."""
    return b'"type":"system"' in payload.replace(b'": "', b'":"')


def renumbered(payload: bytes) -> bytes:
    """The same payload as if it were new."""
    name, number, frame = payload.split(b" ", 2)
    return b"again-%s %s %s" % (name, number, frame)


@server_fault("the bus doubles", topology="pubsub", breaks="PUBSUB-3", found_by=MESSAGES)
def bus_doubles() -> None:
    """Every 20th message that crosses is heard twice."""
    turn = every(20)

    def change(hear: Hear, channel: str, payload: bytes) -> None:
        hear(channel, payload)
        if not is_notice(payload) and turn():
            hear(channel, renumbered(payload))

    crossing(change)


@server_fault("the bus drops", topology="pubsub", breaks="PUBSUB-3", found_by=MESSAGES)
def bus_drops() -> None:
    """Every 20th message that crosses is lost."""
    turn = every(20)

    def change(hear: Hear, channel: str, payload: bytes) -> None:
        if is_notice(payload) or not turn():
            hear(channel, payload)

    crossing(change)


@server_fault("the bus swaps", topology="pubsub", breaks="PUBSUB-3", found_by=MESSAGES)
def bus_swaps() -> None:
    """Every 20th message that crosses is overtaken by the one behind it."""
    turn = every(20)
    held: list[tuple[str, bytes]] = []

    def change(hear: Hear, channel: str, payload: bytes) -> None:
        if not is_notice(payload) and turn():
            held.append((channel, renumbered(payload)))
            return
        hear(channel, payload)
        while held:
            hear(*held.pop())

    crossing(change)


@server_fault("nothing crosses", topology="pubsub", breaks="PUBSUB-3", found_by=MESSAGES)
def nothing_crosses() -> None:
    """The instances are connected with the bus, and hear nothing from each other."""
    crossing(lambda _hear, _channel, _payload: None)


@server_fault("notices do not cross", topology="pubsub", breaks="PUBSUB-4", found_by=NOTICES)
def notices_do_not_cross() -> None:
    """Messages cross, joins and leaves do not."""
    crossing(lambda hear, channel, payload: None if is_notice(payload) else hear(channel, payload))


@server_fault("leaves do not cross", topology="pubsub", breaks="PUBSUB-4", found_by=NOTICES)
def leaves_do_not_cross() -> None:
    """Messages and joins cross, leaves do not."""
    crossing(lambda hear, channel, payload: None if b"left the chat" in payload else hear(channel, payload))


@server_fault("notices cross twice", topology="pubsub", breaks="PUBSUB-4", found_by=NOTICES)
def notices_cross_twice() -> None:
    """A join or leave is announced twice on the other instances."""

    def change(hear: Hear, channel: str, payload: bytes) -> None:
        hear(channel, payload)
        if is_notice(payload):
            hear(channel, renumbered(payload))

    crossing(change)


@server_fault("statistics of all instances", topology="pubsub", breaks="PUBSUB-5", found_by=STATISTICS)
def statistics_of_all() -> None:
    """Each instance counts the members of all instances, by the notices that it hears."""
    elsewhere: dict[str, int] = {}

    def change(hear: Hear, channel: str, payload: bytes) -> None:
        room = channel.rpartition(":")[2]
        change = payload.count(b"joined the chat") - payload.count(b"left the chat")
        elsewhere[room] = max(0, elsewhere.get(room, 0) + change)
        hear(channel, payload)

    crossing(change)

    def wrapped(stats: Any) -> Any:
        def adding(self: Any) -> Any:
            own = stats(self)
            return own | {"total_connections": own["total_connections"] + sum(elsewhere.values())}

        return adding

    wrap(Instance, "stats", wrapped)


@server_fault("rooms of all instances", topology="pubsub", breaks="PUBSUB-5", found_by=STATISTICS)
def rooms_of_all() -> None:
    """A room without members is listed as active, once anybody has asked for it there."""
    seen: list[str] = []

    def wrapped_room(room: Any) -> Any:
        def noting(self: Any, chat_id: Any) -> Any:
            seen.append(chat_id)
            return room(self, chat_id)

        return noting

    def wrapped_stats(stats: Any) -> Any:
        def listing(self: Any) -> Any:
            rooms = [*dict.fromkeys([*stats(self)["active_rooms"], *seen])]
            return stats(self) | {"active_rooms": rooms, "rooms_count": len(rooms)}

        return listing

    wrap(Instance, "room", wrapped_room)
    wrap(Instance, "stats", wrapped_stats)


@server_fault("sticky that crosses", topology="sticky", breaks="STICKY-4", found_by=APART, bus=True)
def sticky_that_crosses() -> None:
    """A topology that declares `sticky` passes everything to all instances."""


@server_fault("sticky whose notices cross", topology="sticky", breaks="STICKY-4", found_by=APART, bus=True)
def sticky_whose_notices_cross() -> None:
    """A topology that declares `sticky` passes joins and leaves to all instances."""
    crossing(lambda hear, channel, payload: hear(channel, payload) if is_notice(payload) else None)

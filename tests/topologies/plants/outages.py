"""Faults that show when the bus between instances goes away or comes back."""

import asyncio
from typing import Any

from reference_server import redis_broadcast
from reference_server.member import Member
from reference_server.redis_broadcast import RedisBroadcast
from roomproof.spec.limits import CloseCode
from tests.faults.fault import wrap
from tests.topologies.fault import server_fault

DIES = ("test_bus.py", "-k", "hear_each_other_again and dies")
CUT_OFF = ("test_bus.py", "-k", "hear_each_other_again and cut")
TOLD = ("test_bus.py", "test_order.py", "-k", "told or burst")


def when_away(act: Any) -> None:
    """Call `act` each time that an instance notices that the bus is away."""

    def wrapped(note_away: Any) -> Any:
        def acting(self: Any, reason: str) -> None:
            note_away(self, reason)
            act(self)

        return acting

    wrap(RedisBroadcast, "_on_disconnected", wrapped)


@server_fault("the bus takes its members along", topology="pubsub", breaks="PUBSUB-7", found_by=DIES)
def closes_members() -> None:
    """When the bus is away, an instance closes its members with 1012."""

    def close_all(broadcast: Any) -> None:
        for room in list(broadcast._handler._rooms.values()):
            for member in list(room.members):
                member.close(CloseCode.SERVICE_RESTART)

    when_away(close_all)


@server_fault("the bus is not looked for", topology="pubsub", breaks="PUBSUB-7", found_by=CUT_OFF)
def never_reconnects() -> None:
    """An instance that has lost the bus does not look for it again."""

    async def connect_once(self: Any) -> Any:
        if self.__dict__.get("_had_one"):
            await asyncio.Event().wait()
        self._had_one = True
        return await connect(self)

    connect: Any = RedisBroadcast._connect
    RedisBroadcast._connect = connect_once  # type: ignore[method-assign]


@server_fault("rooms are not listened to again", topology="pubsub", breaks="PUBSUB-7", found_by=CUT_OFF)
def forgets_subscriptions() -> None:
    """An instance that has the bus back listens to new rooms only."""

    def wrapped(use: Any) -> Any:
        async def forgetting(self: Any, session: Any) -> None:
            kept, self._subscriptions = self._subscriptions, {}
            using = asyncio.ensure_future(use(self, session))
            await asyncio.sleep(0)
            self._subscriptions = kept
            await using

        return forgetting

    wrap(RedisBroadcast, "_run_session", wrapped)


@server_fault("repeats when the bus is back", topology="pubsub", breaks="PUBSUB-7", found_by=DIES)
def repeats() -> None:
    """An instance that has the bus back publishes its last messages once more."""
    last: list[tuple[Any, str]] = []

    def wrapped_publish(publish: Any) -> Any:
        def noting(self: Any, item: Any, frame: str) -> None:
            if item.sender is not None:
                last[:] = [*last[-4:], (item, frame)]
            publish(self, item, frame)

        return noting

    def wrapped_back(note_back: Any) -> Any:
        def repeating(self: Any) -> None:
            note_back(self)
            for item, frame in list(last):
                item.number = self._numbering.next()
                self._publish(item, frame)

        return repeating

    wrap(RedisBroadcast, "_publish", wrapped_publish)
    wrap(RedisBroadcast, "_on_connected", wrapped_back)


@server_fault("handshakes wait for the bus", topology="pubsub", breaks="PUBSUB-7", found_by=DIES)
def waits_for_ever() -> None:
    """A handshake waits until its room is heard on the bus, however long that takes."""

    redis_broadcast.HANDSHAKE_SECONDS = 3600.0


@server_fault("nobody is told of the bus", topology="pubsub", breaks="PUBSUB-8", found_by=TOLD)
def nobody_is_told() -> None:
    """The sender of a message that could not be passed on gets no error frame."""
    wrap(Member, "send_error", lambda _fail: lambda _self, _reason: None)

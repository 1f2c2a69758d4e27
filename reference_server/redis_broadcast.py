"""Rooms that span instances: every item goes through Redis Pub/Sub, and comes back to all instances in one order.

Each room is a channel. An instance is subscribed to the rooms of its members, and tells them what it hears there, its
own items included. These laws keep promises A2 to A7 of the oracle, and PUBSUB-7:

- A member joins after the subscription is confirmed, and its join notice is published after that (A5).
- All items of an instance go through one connection, in order, so that each member's stream keeps its order (A2).
- Items are numbered, so nothing is doubled or swapped, whatever happens on the way (see ``numbering``).
- A message is published once. If nobody knows whether that worked, or if Redis is away, its sender is told.
- Notices of joins and leaves, and deletions, are kept and published when Redis is back.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from reference_server import frames
from reference_server.broadcast import Audience, BroadcastAway
from reference_server.errors import Away
from reference_server.log import origin
from reference_server.names import ChatId
from reference_server.numbering import Numbering
from reference_server.redis_session import BEAT_SECONDS, SILENCE_SECONDS, RedisSession, Silent
from reference_server.room import ChatRoom, Closable

CONNECT_SECONDS = 3.0
"""How long Redis may take to accept a connection and to answer on it."""

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds to wait before the next attempts to connect."""

STEADY_SECONDS = 2.0
"""A connection that lasts so long is a good one. The pauses go on growing until there is one."""

SETTLE_SECONDS = (0.0, 0.3, 1.5)
"""How long to publish nothing after connecting: at the start, after a cut, and after an outage. Other instances need as
long to be back, and would otherwise miss what comes first."""

HANDSHAKE_SECONDS = 3.0
"""How long a handshake waits for its room to be heard, before it is refused (PUBSUB-7)."""

FINISH_SECONDS = 1.0
"""How long the end of the server waits until the last leaves are published."""

DELETED = ""
"""What is published in place of a frame when a room was deleted."""

AWAY = "the broadcast between the instances is away; connect again in a few seconds"
NOT_PASSED_ON = "this was not passed on, because the broadcast between the instances is away; say it again later"
PERHAPS_PASSED_ON = "nobody knows whether this was passed on, because the broadcast between the instances broke"

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Item:
    number: int
    chat_id: ChatId
    speaker: Closable | None = None
    """Who said it; None if it is no message."""
    notice: Callable[[str], str] | None = None
    """Makes the frame of a join or leave out of its timestamp."""


@dataclass(eq=False, slots=True)
class _Subscription:
    holders: int = 0
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class RedisBroadcast:
    """Connects by itself, again and again, from ``start`` on until the event loop ends."""

    patience = SILENCE_SECONDS + 2 * BEAT_SECONDS

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            protocol=3,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,  # the session watches
            socket_connect_timeout=CONNECT_SECONDS,
        )
        kwargs = self._pool.connection_kwargs
        self._place = f"{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}"
        self._prefix = f"roomproof:{kwargs.get('db', 0)}:"  # Redis itself does not keep channels apart by database
        self._numbering = Numbering(uuid4().hex)
        self._subscriptions: dict[ChatId, _Subscription] = {}
        self._session: RedisSession[_Item] | None = None
        self._kept: list[_Item] = []
        self._failures = 0
        self._steadying: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self, audience: Audience, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        self._audience = audience
        self._exists = exists
        self._running = asyncio.create_task(self._run())

    @contextlib.asynccontextmanager
    async def heard(self, chat_id: ChatId) -> AsyncIterator[None]:
        subscription = self._subscriptions.get(chat_id)
        if subscription is None:
            subscription = self._subscriptions[chat_id] = _Subscription()
            self._subscribe(chat_id, subscription)
        subscription.holders += 1
        try:
            try:
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await subscription.confirmed.wait()
            except TimeoutError:
                raise BroadcastAway(AWAY) from None
            yield
        finally:
            subscription.holders -= 1
            if not subscription.holders:
                del self._subscriptions[chat_id]
                if self._session is not None:
                    self._session.unsubscribe(self._prefix + chat_id)

    async def eased(self) -> None:
        if self._session is not None:
            await self._session.eased()

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        room.members[member] = None
        self._announce(room, partial(frames.joined, member.user_id, room.chat_id), timestamp)
        return []

    def say(self, room: ChatRoom[Closable], speaker: Closable, content: str, timestamp: str) -> list[Closable]:
        if speaker in room.members:
            if self._session is None:
                speaker.fail(NOT_PASSED_ON)
            else:
                frame = frames.message(content, speaker.user_id, room.chat_id, timestamp)
                self._publish(_Item(self._numbering.next(), room.chat_id, speaker), frame)
        return []

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        del room.members[member]
        self.lost(room, member, timestamp)
        return []

    def lost(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        self._announce(room, partial(frames.left, member.user_id, room.chat_id), timestamp)

    def delete(self, chat_id: ChatId) -> None:
        self._publish(_Item(self._numbering.next(), chat_id), DELETED)

    async def finish(self) -> None:
        if self._session is not None:
            done = asyncio.Event()
            self._session.publish_now()
            self._session.ping(done.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), FINISH_SECONDS)

    def _announce(self, room: ChatRoom[Closable], notice: Callable[[str], str], timestamp: str) -> None:
        self._publish(_Item(self._numbering.next(), room.chat_id, notice=notice), notice(timestamp))

    def _publish(self, item: _Item, frame: str) -> None:
        if self._session is None:
            self._kept.append(item)
        else:
            self._session.publish(self._prefix + item.chat_id, self._numbering.written(item.number, frame), item)

    def _subscribe(self, chat_id: ChatId, subscription: _Subscription) -> None:
        if self._session is not None:
            self._session.subscribe(self._prefix + chat_id, subscription.confirmed.set)

    def _hear(self, channel: str, payload: bytes) -> None:
        try:
            frame = self._numbering.read(payload)
        except ValueError:
            _log.warning("heard something on %s that no instance says", channel)
            return
        chat_id = ChatId(channel.removeprefix(self._prefix))
        if frame:
            self._audience.hear(chat_id, frame)
        elif frame == DELETED:
            self._audience.end(chat_id)

    async def _run(self) -> None:
        while True:
            try:
                session = RedisSession[_Item](await self._connect(), self._hear, self._settling())
                await self._use(session)
            except (RedisError, OSError, TimeoutError, Silent) as error:
                self._note_away(str(error).rstrip(".") or "it does not answer in time")
            except Exception as error:  # noqa: BLE001 - whatever it is, the others must be heard again
                self._note_away(origin(error))
            await asyncio.sleep(PAUSES[min(self._failures, len(PAUSES)) - 1])

    def _settling(self) -> float:
        return SETTLE_SECONDS[min(self._failures, len(SETTLE_SECONDS) - 1)]

    async def _connect(self) -> AbstractConnection:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def _use(self, session: RedisSession[_Item]) -> None:
        """Never returns; raises what broke the connection."""
        self._session = session
        for chat_id, subscription in self._subscriptions.items():
            self._subscribe(chat_id, subscription)
        kept, self._kept = sorted(self._kept, key=lambda item: item.number), []
        for item in kept:
            self._publish(item, item.notice(self._audience.clock.timestamp()) if item.notice else DELETED)
        session.ping(self._note_back)
        try:
            await session.run()
        finally:
            self._session = None
            for subscription in self._subscriptions.values():
                subscription.confirmed.clear()
            self._give_up(*session.undone())

    def _give_up(self, sent: list[_Item], unsent: list[_Item]) -> None:
        """Keeps notices, which may be repeated since they are numbered, and tells the speakers of messages. What came
        back was passed on, although the answer did not come."""
        for items, reason in ((sent, PERHAPS_PASSED_ON), (unsent, NOT_PASSED_ON)):
            for item in items:
                if self._numbering.came_back(item.number):
                    continue
                if item.speaker is None:
                    self._kept.append(item)
                else:
                    item.speaker.fail(reason)

    def _note_away(self, reason: str) -> None:
        if self._steadying is not None:
            self._steadying.cancel()
        if not self._failures:
            _log.warning("broadcast away redis=%s: %s; trying again", self._place, reason)
        self._failures += 1

    def _note_back(self) -> None:
        _log.info("broadcast connected redis=%s", self._place)
        self._steadying = asyncio.get_running_loop().call_later(STEADY_SECONDS, self._note_steady)
        if self._looking is not None:
            self._looking.cancel()
        self._looking = asyncio.create_task(self._end_deleted())

    def _note_steady(self) -> None:
        self._failures = 0

    async def _end_deleted(self) -> None:
        """Ends the rooms that were deleted while this instance could not hear of it."""
        for chat_id in list(self._subscriptions):
            while not await self._is_known(chat_id):
                await asyncio.sleep(PAUSES[-1])

    async def _is_known(self, chat_id: ChatId) -> bool:
        """Ends the room if it was deleted; False if the store does not say whether it was."""
        try:
            if not await self._exists(chat_id):
                self._audience.end(chat_id)
        except Away:
            return False
        return True

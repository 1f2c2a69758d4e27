"""Rooms that span instances, by Redis Pub/Sub.

Every item goes through Redis, and reaches all instances in one order.

Each room is a channel. An instance subscribes to the rooms of its members, and delivers to them what it receives there,
its own items included.
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
from reference_server.broadcast import BroadcastHandler, BroadcastUnavailable
from reference_server.errors import Unavailable
from reference_server.log import origin
from reference_server.names import ChatId
from reference_server.numbering import Numbering
from reference_server.redis_session import PING_SECONDS, PING_TIMEOUT_SECONDS, RedisSession, RedisTimeout
from reference_server.room import ChatRoom, Closable

CONNECT_SECONDS = 3.0
"""Seconds that Redis has to accept a connection and to answer on it."""

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before the next attempt to connect, by the number of failures."""

STABLE_SECONDS = 2.0
"""Seconds after which a connection counts as stable.

Until one is, the delays between attempts go on growing."""

PUBLISH_DELAY_SECONDS = (0.0, 0.3, 1.5)
"""Seconds without publishing after connecting, by the number of failures.

Other instances need as long to connect again, and would otherwise miss the first items."""

HANDSHAKE_SECONDS = 3.0
"""Seconds that a handshake waits for its subscription (PUBSUB-7)."""

FLUSH_SECONDS = 1.0
"""Seconds that the end of the server waits for the last notices to be published."""

DELETED = ""
"""The payload that announces a deletion, in place of a frame."""

UNAVAILABLE = "the broadcast between the instances is away; connect again in a few seconds"
NOT_PUBLISHED = "this was not passed on, because the broadcast between the instances is away; say it again later"
MAYBE_PUBLISHED = "nobody knows whether this was passed on, because the broadcast between the instances broke"

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Item:
    """A message, a notice or a deletion on its way to Redis.

    Only its number and origin are kept, not its frame.
    """

    number: int
    chat_id: ChatId
    sender: Closable | None = None
    """The sender of a message; None for a notice or a deletion."""
    notice: Callable[[str], str] | None = None
    """Makes a join or leave notice from a timestamp; None for any other item."""


@dataclass(eq=False, slots=True)
class _Subscription:
    """The subscription to one room, as long as members or handshakes need it."""

    holders: int = 0
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class RedisBroadcast:
    """A broadcast that connects to Redis, again whenever the connection breaks.

    Invariants, which keep promises A2 to A7 of the protocol, and PUBSUB-7:

    - A member joins after the subscription to its room is confirmed, and its join notice is published after that (A5).
    - All items of an instance go through one connection, in order, so each member's stream keeps its order (A2).
    - Items are numbered, so none arrives twice or out of order (see ``numbering``).
    - A message is published at most once. If it was not, or possibly not, its sender receives an error (PUBSUB-8).
    - Notices and deletions that might not have been published stand in ``_unpublished``, and are published again.
    - ``_session`` is None exactly while there is no connection.
    """

    max_pause_seconds = PING_TIMEOUT_SECONDS + 2 * PING_SECONDS

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            protocol=3,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,  # the session pings Redis itself
            socket_connect_timeout=CONNECT_SECONDS,
        )
        kwargs = self._pool.connection_kwargs
        self._address = f"{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}"
        self._prefix = f"roomproof:{kwargs.get('db', 0)}:"  # Redis itself does not keep channels apart by database
        self._numbering = Numbering(uuid4().hex)
        self._subscriptions: dict[ChatId, _Subscription] = {}
        self._session: RedisSession[_Item] | None = None
        self._unpublished: list[_Item] = []
        self._failures = 0
        self._stable_timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._deletion_check: asyncio.Task[None] | None = None

    def start(self, handler: BroadcastHandler, exists: Callable[[ChatId], Awaitable[bool]]) -> None:
        self._handler = handler
        self._exists = exists
        self._running = asyncio.create_task(self._run())

    @contextlib.asynccontextmanager
    async def subscribed(self, chat_id: ChatId) -> AsyncIterator[None]:
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
                raise BroadcastUnavailable(UNAVAILABLE) from None
            yield
        finally:
            subscription.holders -= 1
            if not subscription.holders:
                del self._subscriptions[chat_id]
                if self._session is not None:
                    self._session.unsubscribe(self._prefix + chat_id)

    async def drained(self) -> None:
        if self._session is not None:
            await self._session.drained()

    def join(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        room.members[member] = None
        self._announce(room, partial(frames.join_notice, member.user_id, room.chat_id), timestamp)
        return []

    def send_message(self, room: ChatRoom[Closable], sender: Closable, content: str, timestamp: str) -> list[Closable]:
        if sender in room.members:
            if self._session is None:
                sender.send_error(NOT_PUBLISHED)
            else:
                frame = frames.message(content, sender.user_id, room.chat_id, timestamp)
                self._publish(_Item(self._numbering.next(), room.chat_id, sender), frame)
        return []

    def leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> list[Closable]:
        del room.members[member]
        self.announce_leave(room, member, timestamp)
        return []

    def announce_leave(self, room: ChatRoom[Closable], member: Closable, timestamp: str) -> None:
        self._announce(room, partial(frames.leave_notice, member.user_id, room.chat_id), timestamp)

    def announce_deletion(self, chat_id: ChatId) -> None:
        self._publish(_Item(self._numbering.next(), chat_id), DELETED)

    async def flush(self) -> None:
        if self._session is not None:
            done = asyncio.Event()
            self._session.start_publishing()
            self._session.ping(done.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), FLUSH_SECONDS)

    def _announce(self, room: ChatRoom[Closable], notice: Callable[[str], str], timestamp: str) -> None:
        self._publish(_Item(self._numbering.next(), room.chat_id, notice=notice), notice(timestamp))

    def _publish(self, item: _Item, frame: str) -> None:
        """Publish an item, or keep it until Redis is connected again."""
        if self._session is None:
            self._unpublished.append(item)
        else:
            self._session.publish(self._prefix + item.chat_id, self._numbering.encode(item.number, frame), item)

    def _subscribe(self, chat_id: ChatId, subscription: _Subscription) -> None:
        if self._session is not None:
            self._session.subscribe(self._prefix + chat_id, subscription.confirmed.set)

    def _on_message(self, channel: str, payload: bytes) -> None:
        """Deliver an item, or close a deleted room.

        Ignore payloads that no instance publishes.
        """
        try:
            frame = self._numbering.decode(payload)
        except ValueError:
            _log.warning("heard something on %s that no instance says", channel)
            return
        chat_id = ChatId(channel.removeprefix(self._prefix))
        if frame:
            self._handler.deliver(chat_id, frame)
        elif frame == DELETED:
            self._handler.close_room(chat_id)

    async def _run(self) -> None:
        """Connect to Redis, again whenever the connection breaks."""
        while True:
            try:
                session = RedisSession[_Item](await self._connect(), self._on_message, self._publish_delay())
                await self._run_session(session)
            except (RedisError, OSError, TimeoutError, RedisTimeout) as error:
                self._on_disconnected(str(error).rstrip(".") or "it does not answer in time")
            except Exception as error:  # noqa: BLE001 - whatever broke it, the other instances must be reached again
                self._on_disconnected(origin(error))
            await asyncio.sleep(RECONNECT_SECONDS[min(self._failures, len(RECONNECT_SECONDS)) - 1])

    def _publish_delay(self) -> float:
        """Return for how many seconds the next connection publishes nothing."""
        return PUBLISH_DELAY_SECONDS[min(self._failures, len(PUBLISH_DELAY_SECONDS) - 1)]

    async def _connect(self) -> AbstractConnection:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def _run_session(self, session: RedisSession[_Item]) -> None:
        """Use a connection until it breaks: subscribe, publish what was kept, then run it.

        Raises the error.
        """
        self._session = session
        for chat_id, subscription in self._subscriptions.items():
            self._subscribe(chat_id, subscription)
        kept, self._unpublished = sorted(self._unpublished, key=lambda item: item.number), []
        for item in kept:
            self._publish(item, item.notice(self._handler.clock.timestamp()) if item.notice else DELETED)
        session.ping(self._on_connected)
        try:
            await session.run()
        finally:
            self._session = None
            for subscription in self._subscriptions.values():
                subscription.confirmed.clear()
            self._return_unpublished(*session.unfinished())

    def _return_unpublished(self, sent: list[_Item], unsent: list[_Item]) -> None:
        """Keep notices and deletions, and send errors to the senders of messages.

        Notices can be published again, because a receiver drops what it has. An item that came back was published, even
        if the answer of Redis is missing.
        """
        for items, reason in ((sent, MAYBE_PUBLISHED), (unsent, NOT_PUBLISHED)):
            for item in items:
                if self._numbering.was_received(item.number):
                    continue
                if item.sender is None:
                    self._unpublished.append(item)
                else:
                    item.sender.send_error(reason)

    def _on_disconnected(self, reason: str) -> None:
        """Count a failure, and log the first one of an outage."""
        if self._stable_timer is not None:
            self._stable_timer.cancel()
        if not self._failures:
            _log.warning("broadcast away redis=%s: %s; trying again", self._address, reason)
        self._failures += 1

    def _on_connected(self) -> None:
        """Log the connection, and look for rooms that were deleted in the meantime."""
        _log.info("broadcast connected redis=%s", self._address)
        self._stable_timer = asyncio.get_running_loop().call_later(STABLE_SECONDS, self._on_stable)
        if self._deletion_check is not None:
            self._deletion_check.cancel()
        self._deletion_check = asyncio.create_task(self._close_deleted_rooms())

    def _on_stable(self) -> None:
        """Forget the failures, because the connection has lasted."""
        self._failures = 0

    async def _close_deleted_rooms(self) -> None:
        """Close the members of rooms that were deleted while this instance was cut off."""
        for chat_id in list(self._subscriptions):
            while not await self._check_room(chat_id):
                await asyncio.sleep(RECONNECT_SECONDS[-1])

    async def _check_room(self, chat_id: ChatId) -> bool:
        """Close the room if it was deleted. Return False if the store is unavailable."""
        try:
            if not await self._exists(chat_id):
                self._handler.close_room(chat_id)
        except Unavailable:
            return False
        return True

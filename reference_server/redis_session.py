"""One connection to Redis, from when it is open until it breaks.

It speaks RESP3, in which one connection both subscribes and publishes. So Redis executes everything in the order of the
calls, and only one connection can break.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from redis.asyncio.connection import AbstractConnection

WINDOW_ITEMS = 64
WINDOW_BYTES = 2**20
"""Maximum number and size of the items on their way.

Members are not read beyond it.

A half-full outbox still has space for that many echoes. So a member that floods is slowed down, and not closed."""

PING_TIMEOUT_SECONDS = 4.0
"""Seconds without an answer to a ping after which the connection counts as broken.

A link can die without a FIN."""

PING_SECONDS = 0.5
"""Seconds between pings."""

ANSWERS_PER_TURN = 32
"""Number of answers after which other tasks get a turn.

It is much less than the 256 frames of an outbox, so the tasks that write to members keep up."""

ItemT = TypeVar("ItemT")


class RedisTimeout(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """Redis has not answered a ping in time."""


@dataclass(slots=True)
class _Command(Generic[ItemT]):
    words: tuple[str | bytes, ...]
    item: ItemT | None = None
    size: int = 0
    answered: Callable[[], None] | None = None


class RedisSession(Generic[ItemT]):
    """The commands to Redis that are not answered yet.

    Invariants:

    - Redis receives the commands in the order of the calls. Items that are delayed keep their order, too.
    - A channel counts as subscribed only once Redis has confirmed it (A5). From then on no message on it is missed.
    - Confirmations come in order: ``_unconfirmed`` holds one callback for each that is outstanding, oldest first.
    - Nothing is sent twice. An item that is unanswered when the connection breaks might have been published or not.
    - ``_items`` and ``_bytes`` count the items that are delayed, unsent or unanswered.
    """

    def __init__(
        self, connection: AbstractConnection, on_message: Callable[[str, bytes], None], publish_delay: float
    ) -> None:
        """The connection is open, and speaks RESP3.

        ``on_message`` is called with a channel and a payload. For the first ``publish_delay`` seconds, items wait.
        """
        self._connection = connection
        self._on_message = on_message
        self._delayed: deque[_Command[ItemT]] = deque()
        self._unsent: deque[_Command[ItemT]] = deque()
        self._unanswered: deque[_Command[ItemT]] = deque()
        self._unconfirmed: deque[Callable[[], None]] = deque()
        self._items = self._bytes = 0
        self._drained = asyncio.Event()
        self._drained.set()
        self._wake = asyncio.Event()
        self._last_answer_at = 0.0
        self._publish_delay = publish_delay
        self._is_publishing = publish_delay == 0

    def subscribe(self, channel: str, confirmed: Callable[[], None]) -> None:
        """Subscribe to a channel, and call back once Redis has confirmed it."""
        self._unconfirmed.append(confirmed)
        self._send(_Command(("SUBSCRIBE", channel)))

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from a channel."""
        self._send(_Command(("UNSUBSCRIBE", channel)))

    def publish(self, channel: str, payload: bytes, item: ItemT) -> None:
        """Publish a payload. ``item`` stands for it in the answer of ``unfinished``."""
        self._items += 1
        self._bytes += len(payload)
        if self._items >= WINDOW_ITEMS or self._bytes >= WINDOW_BYTES:
            self._drained.clear()
        command = _Command(("PUBLISH", channel, payload), item, len(payload))
        if self._is_publishing:
            self._send(command)
        else:
            self._delayed.append(command)

    def start_publishing(self) -> None:
        """Send the delayed items now, and delay no more."""
        self._is_publishing = True
        for command in self._delayed:
            self._send(command)
        self._delayed.clear()

    def ping(self, answered: Callable[[], None]) -> None:
        """Call back once Redis has executed all earlier commands."""
        self._send(_Command(("PING",), answered=answered))

    async def drained(self) -> None:
        """Wait while the window is full.

        A caller that waited can publish one item, so that all callers get turns.
        """
        await self._drained.wait()

    async def run(self) -> None:
        """Run the connection until it breaks. Raises the error that broke it."""
        loop = asyncio.get_running_loop()
        self._last_answer_at = loop.time()
        publishing = loop.call_later(self._publish_delay, self.start_publishing)
        tasks = [asyncio.create_task(work()) for work in (self._read, self._write, self._watch)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            publishing.cancel()
            try:
                await self._connection.disconnect(nowait=True)
            finally:
                self._drained.set()

    def unfinished(self) -> tuple[list[ItemT], list[ItemT]]:
        """Return the items that might have been published, and those that were not.

        Both are in the order of publishing. Call this after ``run`` has ended.
        """
        sent, unsent = (
            [command.item for command in commands if command.item is not None]
            for commands in (self._unanswered, [*self._unsent, *self._delayed])
        )
        return sent, unsent

    def _send(self, command: _Command[ItemT]) -> None:
        self._unsent.append(command)
        self._wake.set()

    async def _write(self) -> None:
        """Send the unsent commands, as many as there are at a time."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            commands = list(self._unsent)
            self._unsent.clear()
            self._unanswered.extend(command for command in commands if command.words[0] in {"PUBLISH", "PING"})
            packed = self._connection.pack_commands(command.words for command in commands)
            await self._connection.send_packed_command(packed, check_health=False)

    async def _read(self) -> None:
        """Take messages, confirmations and answers as they arrive."""
        loop = asyncio.get_running_loop()
        answers = 0
        while True:
            answer = await self._connection.read_response(
                disable_decoding=True, disconnect_on_error=False, push_request=True
            )
            self._last_answer_at = loop.time()
            match answer:
                case [b"message", bytes(channel), bytes(payload)]:
                    self._on_message(channel.decode(), payload)
                case [b"subscribe", *_]:
                    self._unconfirmed.popleft()()
                case list():
                    pass
                case _:
                    self._complete(self._unanswered.popleft())
            answers += 1
            if answers % ANSWERS_PER_TURN == 0:
                await asyncio.sleep(0)

    def _complete(self, command: _Command[ItemT]) -> None:
        """Count a command as answered."""
        if command.answered is not None:
            command.answered()
        if command.item is not None:
            self._items -= 1
            self._bytes -= command.size
            if self._items <= WINDOW_ITEMS // 2 and self._bytes <= WINDOW_BYTES // 2:
                self._drained.set()

    async def _watch(self) -> None:
        """Ping Redis again and again. Raises RedisTimeout when it stops answering."""
        loop = asyncio.get_running_loop()
        pinged = False

        def answered() -> None:
            nonlocal pinged
            pinged = False

        while True:
            due = loop.time() + PING_SECONDS
            await asyncio.sleep(PING_SECONDS)
            now = loop.time()
            self._last_answer_at += now - due  # time in which this process itself stood still does not count
            if now > self._last_answer_at + PING_TIMEOUT_SECONDS:
                raise RedisTimeout(f"it has not answered for {PING_TIMEOUT_SECONDS:g} s")
            if not pinged:
                pinged = True
                self.ping(answered)

"""One connection to Redis, from when it is open until it breaks.

It speaks RESP3, in which one connection both subscribes and publishes. So everything happens in the order of the calls,
and there is only one thing that can break:

- What is published after ``subscribe`` was called is heard, because Redis does one after the other.
- A subscription counts only when Redis has confirmed it (A5). Confirmations come in order, so that one which belongs to
  an earlier subscription of the same channel is not mistaken for a later one's.
- Nothing is sent twice. What is not answered when the connection breaks may have been published or not.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from redis.asyncio.connection import AbstractConnection

WINDOW_ITEMS = 64
WINDOW_BYTES = 2**20
"""How much may be on its way. A member whose echoes are on their way has room for so many in its outbox, besides those
that it has not read, so that one which floods is slowed down and not given up."""

PING_TIMEOUT_SECONDS = 4.0
"""After so long without an answer to a ping, the connection counts as broken: a link may die without a FIN."""

PING_SECONDS = 0.5
"""So often it is pinged."""

ANSWERS_PER_TURN = 32
"""After so many answers everybody else gets a turn, above all those who write to members; an outbox holds 256."""

ItemT = TypeVar("ItemT")


class RedisTimeout(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """Redis has not answered for too long."""


@dataclass(slots=True)
class _Command(Generic[ItemT]):
    words: tuple[str | bytes, ...]
    item: ItemT | None = None
    size: int = 0
    answered: Callable[[], None] | None = None


class RedisSession(Generic[ItemT]):
    """``on_message`` is called with the channel and what was published there."""

    def __init__(
        self, connection: AbstractConnection, on_message: Callable[[str, bytes], None], publish_delay: float
    ) -> None:
        """The connection is open, and speaks RESP3. What is published waits for so many seconds first."""
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
        self._unconfirmed.append(confirmed)
        self._send(_Command(("SUBSCRIBE", channel)))

    def unsubscribe(self, channel: str) -> None:
        self._send(_Command(("UNSUBSCRIBE", channel)))

    def publish(self, channel: str, payload: bytes, item: ItemT) -> None:
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
        """Ends the waiting."""
        self._is_publishing = True
        for command in self._delayed:
            self._send(command)
        self._delayed.clear()

    def ping(self, answered: Callable[[], None]) -> None:
        """Calls back when Redis has done everything that it was asked before."""
        self._send(_Command(("PING",), answered=answered))

    async def drained(self) -> None:
        """Waits while too much is on its way. Whoever waited may publish one item then, so that all get their turns."""
        await self._drained.wait()

    async def run(self) -> None:
        """Never returns; raises what broke the connection."""
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
        """After the end, in the order of publishing: what may have been published, and what has not been."""
        sent, unsent = (
            [command.item for command in commands if command.item is not None]
            for commands in (self._unanswered, [*self._unsent, *self._delayed])
        )
        return sent, unsent

    def _send(self, command: _Command[ItemT]) -> None:
        self._unsent.append(command)
        self._wake.set()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            commands = list(self._unsent)
            self._unsent.clear()
            self._unanswered.extend(command for command in commands if command.words[0] in {"PUBLISH", "PING"})
            packed = self._connection.pack_commands(command.words for command in commands)
            await self._connection.send_packed_command(packed, check_health=False)

    async def _read(self) -> None:
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
        if command.answered is not None:
            command.answered()
        if command.item is not None:
            self._items -= 1
            self._bytes -= command.size
            if self._items <= WINDOW_ITEMS // 2 and self._bytes <= WINDOW_BYTES // 2:
                self._drained.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        pinged = False

        def answered() -> None:
            nonlocal pinged
            pinged = False

        while True:
            due = loop.time() + PING_SECONDS
            await asyncio.sleep(PING_SECONDS)
            now = loop.time()
            self._last_answer_at += now - due  # while this process stood still, Redis was not silent
            if now > self._last_answer_at + PING_TIMEOUT_SECONDS:
                raise RedisTimeout(f"it has not answered for {PING_TIMEOUT_SECONDS:g} s")
            if not pinged:
                pinged = True
                self.ping(answered)

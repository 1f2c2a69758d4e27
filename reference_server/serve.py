"""The server process: the application on Hypercorn, until a signal ends it."""

import asyncio
import logging
import os
import signal
import socket
import time
from typing import Any
from weakref import WeakSet

from hypercorn.asyncio import serve as run_hypercorn
from hypercorn.config import Config

from reference_server import stream
from reference_server.app import create_app
from reference_server.broadcast import Broadcast, LocalBroadcast
from reference_server.clock import Clock
from reference_server.gc_tuning import GcTuning
from reference_server.instance import Instance
from reference_server.options import Options
from reference_server.sqlite_store import SqliteStore
from reference_server.store import Store

BACKLOG = 4096
"""Number of connections that can wait to be accepted.

Hypercorn's 100 are too few for thousands at once."""

MESSAGE_CHARACTERS = 65536
"""Maximum length of a message.

Hypercorn counts characters, so every message of 65,536 bytes passes (DELIVER-13)."""

KEEP_ALIVE_SECONDS = 75.0
"""Seconds that an HTTP connection may be idle.

After Hypercorn's 5 s, a client's next request often meets the close."""

SHUTDOWN_FLUSH_SECONDS = 2.0
"""Seconds that members have to read the Close frame with 1001, after a signal."""

ABORT_SECONDS = 0.5
CANCEL_SECONDS = 1.0
"""Seconds to wait after links were aborted, and after tasks were cancelled.

All three are less than 5 s."""

_log = logging.getLogger(__name__)


class CannotListen(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The address cannot be used. The message says which one and why."""


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. Raises CannotListen and StoreError."""
    listener = _bind(options)
    url = _url(listener)
    store = _open_store(options)
    name = options.instance or f"{socket.gethostname()}:{listener.getsockname()[1]}"
    clock = Clock()
    instance = Instance(clock, name, _broadcast(options))
    streams = stream.install(max(options.heartbeat, instance.broadcast.max_pause_seconds) if options.heartbeat else 0)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report_callback_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    app = create_app(store, instance)
    GcTuning.prepare()
    _listen(listener, options)
    instance.broadcast.start(instance, store.exists)
    serving = asyncio.create_task(run_hypercorn(app, _config(listener, clock), shutdown_trigger=stop.wait))
    print(f"listening on {url}", flush=True)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        serving.result()  # Hypercorn ends by itself only after an error, which this raises
    _log.info("stopping")
    instance.stop()
    finishing = asyncio.create_task(instance.broadcast.flush())
    await _shut_down(serving, finishing, streams)
    store.close()


def _open_store(options: Options) -> Store:
    """Return the store that the options name. Raises StoreError."""
    if options.store == "dynamodb":
        from reference_server.dynamodb_store import DynamodbStore  # its import is slow

        return DynamodbStore.open(options.dynamodb_endpoint or None, options.dynamodb_table)
    return SqliteStore.open(options.database)


def _broadcast(options: Options) -> Broadcast:
    """Return the broadcast that the options name."""
    if options.broadcast:
        from reference_server.redis_broadcast import RedisBroadcast  # its import is slow

        return RedisBroadcast(options.broadcast)
    return LocalBroadcast()


async def _shut_down(
    serving: asyncio.Task[None], finishing: asyncio.Task[None], streams: WeakSet[stream.ChatStream]
) -> None:
    """End Hypercorn in bounded time.

    From Python 3.12 on, it would wait for its slowest client.
    """
    await asyncio.wait({serving, finishing}, timeout=SHUTDOWN_FLUSH_SECONDS)
    for open_stream in list(streams):
        open_stream.abort()
    await asyncio.wait({serving}, timeout=ABORT_SECONDS)
    deadline = time.monotonic() + CANCEL_SECONDS
    while rest := asyncio.all_tasks() - {asyncio.current_task()}:
        if time.monotonic() > deadline:
            _log.warning("%d connections do not end; leaving them to the operating system", len(rest))
            os._exit(0)
        for task in rest:
            task.cancel()  # repeatedly, because Hypercorn ignores a cancellation while it waits for a link
        await asyncio.wait(rest, timeout=CANCEL_SECONDS / 5)
    if not serving.cancelled():
        serving.exception()  # retrieved, so that asyncio does not report it


def _report_callback_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report an error in a callback, except cancellations at the end of the server."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _bind(options: Options) -> socket.socket:
    """Return a socket that is bound to the address but does not listen yet.

    Raises CannotListen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise _cannot_listen(options, error) from error
    return listener


def _listen(listener: socket.socket, options: Options) -> None:
    """Start to listen, now that requests are answered at once.

    Until then a proxy uses another instance.
    """
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        raise _cannot_listen(options, error) from error


def _cannot_listen(options: Options, error: OSError) -> CannotListen:
    return CannotListen(f"cannot listen on {options.host} port {options.port}: {error.strerror}")


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Config(Config):
    """A configuration whose Date headers come from the clock of the timestamps."""

    include_date_header = False

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """The headers that Hypercorn adds to each answer."""
        return [(b"date", self._clock.http_date().encode()), *super().response_headers(protocol)]


def _config(listener: socket.socket, clock: Clock) -> Config:
    config = _Config(clock)
    config.bind = [f"fd://{listener.detach()}"]
    config.backlog = BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = 60  # _shut_down ends it earlier
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.websocket_max_message_size = MESSAGE_CHARACTERS
    return config

"""The server process: the application on Hypercorn, until a signal ends it."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from typing import Any
from weakref import WeakSet

from hypercorn.asyncio import serve as run_hypercorn
from hypercorn.config import Config

from reference_server import frames, listening, stream
from reference_server.app import create_app
from reference_server.broadcast import Broadcast, LocalBroadcast
from reference_server.clock import Clock
from reference_server.gc_tuning import GcTuning
from reference_server.instance import Instance
from reference_server.options import Options
from reference_server.sqlite_store import SqliteStore
from reference_server.store import Store

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


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. Raises CannotListen and StoreError."""
    listeners = listening.bind(options.host, options.port)
    url = listening.url(options.host, listeners)
    store = _open_store(options)
    name = options.instance or f"{socket.gethostname()}:{listeners[0].getsockname()[1]}"
    clock = Clock()
    instance = Instance(clock, name, _broadcast(options))
    streams = stream.install(max(options.heartbeat, instance.broadcast.max_pause_seconds) if options.heartbeat else 0)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report_callback_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    app = create_app(store, instance, participants_only=options.join == "participants")
    GcTuning.prepare()
    listening.listen(listeners)
    instance.broadcast.start(instance, store.exists)
    serving = asyncio.create_task(run_hypercorn(app, _config(listeners, clock), shutdown_trigger=stop.wait))
    _announce(f"listening on {url}")
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        serving.result()  # Hypercorn ends by itself only after an error, which this raises
    _log.info("stopping")
    instance.gc_tuning.finish()
    instance.stop()
    finishing = asyncio.create_task(instance.broadcast.flush())
    await _shut_down(serving, finishing, streams)
    store.close()


def _announce(line: str) -> None:
    """Print a line, or log it if the standard output cannot be written to."""
    try:
        print(line, flush=True)
    except OSError as error:
        _log.warning("the standard output does not work (%s); %s", error.strerror, line)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python reports the rest at its end


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


def _config(listeners: list[socket.socket], clock: Clock) -> Config:
    config = _Config(clock)
    config.bind = [f"fd://{listener.detach()}" for listener in listeners]
    config.backlog = listening.BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)  # it would say once more where the server listens
    config.graceful_timeout = 60  # _shut_down ends it earlier
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.websocket_max_message_size = frames.MESSAGE_CHARACTERS
    return config


class _Config(Config):
    """A configuration whose Date headers come from the clock of the timestamps."""

    include_date_header = False

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """The headers that Hypercorn adds to each answer."""
        return [(b"date", self._clock.http_date().encode()), *super().response_headers(protocol)]

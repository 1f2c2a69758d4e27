"""Runs the application on Hypercorn until a signal ends it."""

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
"""Connections that may wait to be accepted; Hypercorn's 100 are too few when thousands connect at once."""

MESSAGE_CHARACTERS = 65536
"""The longest message. Hypercorn counts characters, so every message of 65,536 bytes passes (DELIVER-13)."""

KEEP_ALIVE_SECONDS = 75.0
"""How long an HTTP connection may idle. After Hypercorn's 5 s a client's next request often meets the closing."""

SHUTDOWN_FLUSH_SECONDS = 2.0
"""How long members may take to read that the server goes away (1001)."""

ABORT_SECONDS = 0.5
CANCEL_SECONDS = 1.0
"""How long the rest may take after its links were aborted, and after its tasks were cancelled. In all less than 5 s."""

_log = logging.getLogger(__name__)


class CannotListen(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The address cannot be used. The message says which one and why."""


async def serve(options: Options) -> None:
    """Serves until SIGTERM or SIGINT. Raises CannotListen and StoreError."""
    listener = _bind(options)
    url = _url(listener)
    store = _open_store(options)
    name = options.instance or f"{socket.gethostname()}:{listener.getsockname()[1]}"
    instance = Instance(Clock(), name, _broadcast(options))
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
    serving = asyncio.create_task(run_hypercorn(app, _config(listener), shutdown_trigger=stop.wait))
    print(f"listening on {url}", flush=True)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        serving.result()  # Hypercorn ends by itself only if it broke
    _log.info("stopping")
    instance.stop()
    finishing = asyncio.create_task(instance.broadcast.flush())
    await _shut_down(serving, finishing, streams)
    store.close()


def _open_store(options: Options) -> Store:
    if options.store == "dynamodb":
        from reference_server.dynamodb_store import DynamodbStore  # it takes long to import

        return DynamodbStore.open(options.dynamodb_endpoint or None, options.dynamodb_table)
    return SqliteStore.open(options.database)


def _broadcast(options: Options) -> Broadcast:
    if options.broadcast:
        from reference_server.redis_broadcast import RedisBroadcast  # it takes long to import

        return RedisBroadcast(options.broadcast)
    return LocalBroadcast()


async def _shut_down(
    serving: asyncio.Task[None], finishing: asyncio.Task[None], streams: WeakSet[stream.ChatStream]
) -> None:
    """Ends Hypercorn, which by itself takes as long as its slowest client from Python 3.12 on."""
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
            task.cancel()  # again and again, because Hypercorn swallows one while it waits for a link to close
        await asyncio.wait(rest, timeout=CANCEL_SECONDS / 5)
    if not serving.cancelled():
        serving.exception()  # may be anything once it was cancelled, and does not matter any more


def _report_callback_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Reports what broke in a callback, but not that the links which we cancel at the end are cancelled."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _bind(options: Options) -> socket.socket:
    """Takes the address, and lets nobody connect yet."""
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
    """Lets clients connect, now that they will be answered at once. A front asks another instance until then."""
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        raise _cannot_listen(options, error) from error


def _cannot_listen(options: Options, error: OSError) -> CannotListen:
    return CannotListen(f"cannot listen on {options.host} port {options.port}: {error.strerror}")


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.backlog = BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = 60  # _shut_down is quicker
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.websocket_max_message_size = MESSAGE_CHARACTERS
    return config

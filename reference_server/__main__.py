"""The command line: ``python -m reference_server --help``."""

import argparse
import asyncio
import os
import resource
import sys
from dataclasses import fields
from urllib.parse import urlsplit

from reference_server.listening import CannotListen
from reference_server.log import LEVELS, log_to_stderr
from reference_server.options import Options
from reference_server.serve import serve
from reference_server.store import StoreError

try:
    from uvloop import new_event_loop
except ImportError:  # PyPy has none; asyncio's own loop does the same, more slowly
    from asyncio import new_event_loop  # type: ignore[assignment]


def main() -> int:
    """Serve until a signal ends the process.

    Return the exit code: 0, or 1 if the server could not start.
    """
    _open_standard_files()
    arguments = _parser().parse_args()
    log_to_stderr(arguments.log_level)
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # each member takes a file descriptor
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(serve(options))
    except (CannotListen, StoreError) as error:
        print(f"reference_server: {error}", file=sys.stderr)
        return 1
    return 0


def _open_standard_files() -> None:
    """Open the null device in the place of closed standard input, output or error.

    Otherwise the first sockets take their numbers, and libuv ends the process when it closes one of them.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference_server",
        description="The reference chat server of Roomproof: rooms over HTTP, messages over WebSockets, as PROTOCOL.md "
        "says. It needs no setup. Once it serves, it prints 'listening on http://HOST:PORT'. Its log goes to stderr. "
        "SIGTERM and SIGINT (Ctrl-C) end it within 5 seconds.",
        epilog="Each option can also be set by the environment variable named behind it; the option takes precedence.",
    )
    _add(
        parser,
        "--host",
        "127.0.0.1",
        "address to listen on, or a name, for all its addresses; 0.0.0.0 for all of this machine",
    )
    _add(parser, "--port", "8000", "port to listen on; 0 for a free one", type=_port)
    _add(
        parser,
        "--database",
        "chats.sqlite3",
        "SQLite file for the rooms; created if missing. Several servers on one machine can share it. "
        ":memory: keeps the rooms only until the server ends",
        metavar="PATH",
    )
    _add(
        parser,
        "--store",
        "sqlite",
        "store for the rooms: sqlite (see --database), or dynamodb, which instances on several machines can share",
        type=_store,
        metavar="KIND",
    )
    _add(
        parser,
        "--dynamodb-endpoint",
        "",
        "URL of DynamoDB, such as http://localhost:8000 for a local one, which needs no keys; empty for Amazon's own. "
        "Keys and region are taken from the usual AWS configuration",
        type=_endpoint,
        metavar="URL",
    )
    _add(
        parser,
        "--dynamodb-table",
        "roomproof-chats",
        "DynamoDB table for the rooms; created if missing",
        metavar="NAME",
    )
    _add(
        parser,
        "--join",
        "anyone",
        "who may join a room: anyone, or only its creator and the participants that were added",
        type=_joiners,
        metavar="WHO",
    )
    _add(
        parser,
        "--broadcast",
        "",
        "Redis (6 or newer), as redis://HOST:PORT[/DB], that connects all instances which share a store; empty if "
        "members on different instances need not receive each other's messages",
        type=_redis,
        metavar="URL",
    )
    _add(
        parser,
        "--instance",
        "",
        "name of this instance in its statistics; empty for its host name and port",
        metavar="NAME",
    )
    _add(
        parser,
        "--heartbeat",
        "30",
        "drop a client that sends nothing for this many seconds, not even answers to WebSocket pings; 0 to drop none",
        type=_seconds,
        metavar="SECONDS",
    )
    _add(
        parser,
        "--log-level",
        "info",
        f"lowest level to log: {', '.join(LEVELS)}",
        type=_level,
        metavar="LEVEL",
    )
    return parser


def _add(parser: argparse.ArgumentParser, option: str, default: str, text: str, **more: object) -> None:
    """Add an option whose default is an environment variable, or else ``default``."""
    variable = "CHAT_" + option.removeprefix("--").replace("-", "_").upper()
    value = os.environ.get(variable) or default
    parser.add_argument(option, default=value, help=f"{text} (default: {default or 'empty'}; {variable})", **more)  # type: ignore[arg-type]


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, not {text!r}")
    return int(text)


def _store(text: str) -> str:
    if text not in {"sqlite", "dynamodb"}:
        raise argparse.ArgumentTypeError(f"expected sqlite or dynamodb, not {text!r}")
    return text


def _joiners(text: str) -> str:
    if text not in {"anyone", "participants"}:
        raise argparse.ArgumentTypeError(f"expected anyone or participants, not {text!r}")
    return text


def _endpoint(text: str) -> str:
    if text and not _is_url(text, {"http", "https"}):
        raise argparse.ArgumentTypeError(f"expected a URL such as http://localhost:8000, not {text!r}")
    return text


def _redis(text: str) -> str:
    is_url = _is_url(text, {"redis", "rediss"})
    database = urlsplit(text).path.removeprefix("/") if is_url else ""
    if text and not (is_url and not urlsplit(text).query and (database.isdecimal() or not database)):
        raise argparse.ArgumentTypeError("expected a URL such as redis://localhost:6379 or redis://localhost:6379/1")
    return text


def _is_url(text: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # bad brackets, or a bad port
        return False


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not 0 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"expected 0 to 86400 seconds, not {text!r}")
    return seconds


def _level(text: str) -> str:
    if text not in LEVELS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(LEVELS)}, not {text!r}")
    return text


if __name__ == "__main__":
    sys.exit(main())

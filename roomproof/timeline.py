"""A history as text: one line for each event of any client, in order of time."""

from collections.abc import Callable, Sequence
from typing import assert_never

from roomproof.dialects.reader import frames_of
from roomproof.dialects.shown import shown_received, shown_sent
from roomproof.errors import UsageError
from roomproof.history import (
    Answered,
    Closed,
    Closing,
    Deadline,
    Deleting,
    Dying,
    Event,
    FaultWindow,
    Opened,
    Opening,
    Reading,
    Received,
    Refused,
    Requested,
    Sent,
    Started,
    Violating,
)
from roomproof.printable import counted, printable

SHOWN_EVENTS = 120
"""Maximum number of lines. A longer timeline loses its middle."""

SHOWN_BINARY_BYTES = 40
"""Maximum number of bytes shown of a binary frame."""

SHOWN_READING = 100
"""Maximum number of characters shown of what a frame was read as."""
HTTP = "http"
"""The subject of HTTP requests and answers, which are of no connection."""

NS_PER_S = 1_000_000_000

Reader = Callable[[Sent | Received], str]
"""Tells what a frame was read as."""


def connection_names(events: Sequence[Event]) -> dict[int, str]:
    """Return a name for each connection.

    The name is the user, with the number of the connection where the user has several.
    """
    openings = [event for event in events if isinstance(event, Opening)]
    users = [event.user or "nobody" for event in openings]
    return {
        event.connection: user if users.count(user) == 1 else f"{user}#{event.connection}"
        for event, user in zip(openings, users, strict=True)
    }


def reader_of(events: Sequence[Event]) -> Reader | None:
    """Return a function that reads the frames of a whole history.

    None where they are those of PROTOCOL.md, which need no reading.
    """
    started = next((event for event in events if isinstance(event, Started)), None)
    if started is None or not started.dialect:
        return None
    try:
        frames = frames_of(started.dialect, started.without)
    except UsageError:
        return None
    rooms = {event.connection: event.room for event in events if isinstance(event, Opening)}

    def read(event: Sent | Received) -> str:
        if isinstance(event, Sent):
            return shown_sent(frames.read_sent(event.frame))
        return shown_received(frames.read(event.frame, rooms.get(event.connection, "")))

    return read


def timeline(
    events: Sequence[Event],
    *,
    zero: int | None = None,
    names: dict[int, str] | None = None,
    read: Reader | None = None,
) -> list[str]:
    """Return a line for each event, in order of time.

    A line has the seconds since `zero`, the name of the connection and the event.
    `zero` is in nanoseconds; by default it is the time of the first event. `names` are those of the connections, for
    events that stand without the `Opening` of their connection. With `read`, each frame is followed by what it was read
    as; by default this holds where the history names another dialect.
    """
    read = read or reader_of(events)
    shown = sorted((event for event in events if not isinstance(event, Started)), key=_at)
    if not shown:
        return []
    subjects = names or connection_names(events)
    start = _at(shown[0]) if zero is None else zero
    told = [(_subject(event, subjects), _predicate(event, read)) for event in shown]
    width = max(len(subject) for subject, _ in told)
    lines = [
        f"{(_at(event) - start) / NS_PER_S:9.4f}  {subject:<{width}}  {predicate}"
        for event, (subject, predicate) in zip(shown, told, strict=True)
    ]
    lines = _without_repeats(lines, told)
    if len(lines) <= SHOWN_EVENTS:
        return lines
    half = SHOWN_EVENTS // 2
    return [*lines[:half], f"      ... {len(lines) - 2 * half} events left out ...", *lines[-half:]]


def described(event: Event, read: Reader | None = None) -> str:
    """Return an event in words, without its time and its subject.

    With `read`, a frame is followed by what it was read as.
    """
    return _predicate(event, read)


def _without_repeats(lines: Sequence[str], told: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines without HTTP exchanges that repeat the one before.

    Statistics are polled.
    """
    kept: list[str] = []
    repeats = position = 0
    while position < len(lines):
        pair = told[position : position + 2]
        if position >= 2 and pair == told[position - 2 : position] and all(subject == HTTP for subject, _ in pair):
            repeats, position = repeats + 1, position + 2
            continue
        kept += [_repeated(repeats), lines[position]] if repeats else [lines[position]]
        repeats, position = 0, position + 1
    return [*kept, _repeated(repeats)] if repeats else kept


def _repeated(repeats: int) -> str:
    return f"      ... the same answer {counted(repeats, 'more time')} ..."


def _at(event: Event) -> int:
    return 0 if isinstance(event, Started) else event.at


def _subject(event: Event, names: dict[int, str]) -> str:
    if isinstance(event, Requested | Answered):
        return HTTP
    if isinstance(event, Started | Deleting | FaultWindow | Deadline):
        return "-"
    return printable(names.get(event.connection, f"#{event.connection}"))


def _predicate(event: Event, read: Reader | None) -> str:
    match event:
        case Opening() | Opened() | Refused():
            return _handshake(event)
        case Sent() | Received() | Violating() | Reading():
            return _traffic(event, read)
        case Closing() | Dying() | Closed():
            return _ending(event)
        case Requested() | Answered():
            return _exchange(event)
        case Started() | Deleting() | FaultWindow() | Deadline():
            return _of_the_run(event)
        case _:
            assert_never(event)


def _handshake(event: Opening | Opened | Refused) -> str:
    match event:
        case Opening():
            return f"connects to {printable(event.room)}"
        case Opened():
            return "is connected" + (f" to instance {printable(event.instance)}" if event.instance else "")
        case Refused():
            return f"is refused: {event.status or 'no answer'} {printable(event.reason)}".rstrip()
        case _:
            assert_never(event)


def _traffic(event: Sent | Received | Violating | Reading, read: Reader | None) -> str:
    match event:
        case Sent():
            return f"> {_frame(event)}{_reading(event, read)}"
        case Received():
            return f"< {_frame(event)}{_reading(event, read)}"
        case Violating():
            return f"> not a frame by RFC 6455: {printable(repr(event.payload))}"
        case Reading():
            return "reads" if event.reads else "does not read"
        case _:
            assert_never(event)


def _ending(event: Closing | Dying | Closed) -> str:
    match event:
        case Closing():
            return f"> Close {event.code}"
        case Dying():
            return f"disconnects without Close ({event.how})"
        case Closed():
            code = "without a Close frame" if event.code is None else f"with {event.code}"
            return f"is closed {code} {printable(event.reason)}".rstrip()
        case _:
            assert_never(event)


def _exchange(event: Requested | Answered) -> str:
    match event:
        case Requested():
            return f"> {printable(event.method)} {printable(event.path)} {printable(event.body or '')}".rstrip()
        case Answered(status=None):
            return f"< no answer: {printable(event.body)}"
        case Answered():
            return f"< {event.status} {printable(event.body)}".rstrip()
        case _:
            assert_never(event)


def _of_the_run(event: Started | Deleting | FaultWindow | Deadline) -> str:
    match event:
        case Started():
            return "the run starts"
        case Deleting():
            return f"room {printable(event.room)} is being deleted"
        case FaultWindow():
            return f"fault injected: {printable(event.what)}"
        case Deadline():
            return "deadline: everything that is due should have arrived"
        case _:
            assert_never(event)


def _reading(event: Sent | Received, read: Reader | None) -> str:
    if read is None:
        return ""
    text = read(event)
    return f"  [{text if len(text) <= SHOWN_READING else f'{text[:SHOWN_READING]}...'}]"


def _frame(event: Sent | Received) -> str:
    if event.text is None:
        binary = event.binary or b""
        return f"binary, {len(binary)} bytes: {binary[:SHOWN_BINARY_BYTES].hex(' ')}"
    return printable(event.text)

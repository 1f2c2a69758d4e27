"""A history as people read it: one line an event, of all clients together, by time."""

from collections.abc import Sequence
from typing import assert_never

from roomproof.history import (
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
    Sent,
    Started,
    Violating,
)
from roomproof.printable import printable

SHOWN_EVENTS = 120
"""Longer timelines lose their middle."""

NS_PER_S = 1_000_000_000


def connection_names(events: Sequence[Event]) -> dict[int, str]:
    """What to call each connection: its user, and its number where that is not enough."""
    openings = [event for event in events if isinstance(event, Opening)]
    users = [event.user or "nobody" for event in openings]
    return {
        event.connection: user if users.count(user) == 1 else f"{user}#{event.connection}"
        for event, user in zip(openings, users, strict=True)
    }


def timeline(events: Sequence[Event], *, zero: int | None = None, names: dict[int, str] | None = None) -> list[str]:
    """One line for each event, in the order of time: seconds since `zero`, who, what.

    `names` are those of the connections, where `events` does not hold their openings.
    """
    shown = sorted((event for event in events if not isinstance(event, Started)), key=_at)
    if not shown:
        return []
    who = connection_names(events) if names is None else names
    start = _at(shown[0]) if zero is None else zero
    width = max((len(name) for name in who.values()), default=0)
    lines = [
        f"{(_at(event) - start) / NS_PER_S:9.4f}  {_subject(event, who):<{width}}  {_act(event)}" for event in shown
    ]
    if len(lines) <= SHOWN_EVENTS:
        return lines
    half = SHOWN_EVENTS // 2
    return [*lines[:half], f"      ... {len(lines) - 2 * half} events left out ...", *lines[-half:]]


def _at(event: Event) -> int:
    return 0 if isinstance(event, Started) else event.at


def _subject(event: Event, who: dict[int, str]) -> str:
    if isinstance(event, Started | Deleting | FaultWindow | Deadline):
        return "-"
    return printable(who.get(event.connection, f"#{event.connection}"))


def _act(event: Event) -> str:
    match event:
        case Started():
            return "the run starts"
        case Opening():
            return f"opens {printable(event.room)}"
        case Opened():
            return "is let in" + (f" by instance {printable(event.instance)}" if event.instance else "")
        case Refused():
            return f"is refused: {event.status or 'no answer'} {printable(event.reason)}"
        case Sent():
            return f"> {_frame(event)}"
        case Received():
            return f"< {_frame(event)}"
        case Violating():
            return f"> no frame by RFC 6455: {printable(repr(event.payload))}"
        case Reading():
            return "reads" if event.reads else "does not read"
        case Closing():
            return f"> Close {event.code}"
        case Dying():
            return f"ends the link ({event.how})"
        case Closed():
            code = "without a Close frame" if event.code is None else f"with {event.code}"
            return f"is closed {code} {printable(event.reason)}"
        case Deleting():
            return f"room {printable(event.room)} is being deleted"
        case FaultWindow():
            return f"fault injected: {printable(event.what)}"
        case Deadline():
            return "deadline: everything that is due should have arrived"
        case _:
            assert_never(event)


def _frame(event: Sent | Received) -> str:
    if event.text is None:
        return f"binary, {len(event.binary or b'')} bytes: {(event.binary or b'')[:40].hex(' ')}"
    return printable(event.text)

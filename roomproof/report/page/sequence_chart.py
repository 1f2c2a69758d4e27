"""Sequence charts as shapes: what people sent, and what the server sent. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from roomproof.dialects.frames import Frames
from roomproof.dialects.shown import shown_received, shown_sent
from roomproof.history import (
    Answered,
    Closed,
    Closing,
    Deadline,
    Deleting,
    Event,
    FaultWindow,
    Opened,
    Opening,
    Received,
    Refused,
    Requested,
    Sent,
    Started,
    Violating,
)
from roomproof.printable import printable
from roomproof.spec.messages import Unmatched
from roomproof.timeline import HTTP, described

SHOWN_PEOPLE = 10
"""Maximum number of people in a chart."""

SHOWN_ROWS = 40
"""Maximum number of events in a chart."""

LABEL_CHARACTERS = 72
"""Maximum length of a text beside an arrow."""

LANE, ROW, LEFT, TOP = 88, 24, 74, 34
"""Distance of two lanes and of two rows, and the margins for the times and the names."""

LABEL_WIDTH = 520
"""Width of the texts beside the arrows."""

NS_PER_S = 1_000_000_000

LONGEST_S = 1_000_000
"""The longest time shown, in seconds: a history may come from anywhere."""

SERVER = "server"

HTTP_LANE = -1
"""Stands for the number of a connection: HTTP exchanges have a lane of their own."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The line of one participant."""

    name: str
    x: float
    is_server: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An event: an arrow from one lane to another, or a dot on one lane.

    `text` is the event as timelines show it, and `label` a short text for the side of the arrow.
    """

    y: float
    time: str
    who: str
    text: str
    label: str
    start: float
    end: float
    is_to_server: bool = False
    is_arrow: bool = False
    is_witness: bool = False
    """Whether the event proves the finding."""


@dataclass(frozen=True, slots=True)
class SequenceChart:
    """A chart, ready to be drawn.

    `left_out` says what the chart does not show; it is empty if the chart shows all.
    """

    title: str
    lanes: list[Lane]
    rows: list[Row]
    width: float
    height: float
    label_x: float
    """The place at which the texts beside the arrows begin."""
    left_out: str


def sequence_chart(
    title: str,
    events: Sequence[Event],
    names: Mapping[int, str],
    frames: Frames | None = None,
    rooms: Mapping[int, str] = MappingProxyType({}),
    witness: Collection[Event] = (),
) -> SequenceChart:
    """Return a chart of events.

    It has a lane for each connection, and one for the server.
    `names` are those of connections, `frames` read what was sent and received, and `rooms` are those of connections.
    Without `frames`, frames are shown as they were.
    The events of the `witness` are marked.
    """
    shown = sorted((event for event in events if not isinstance(event, Started)), key=_at)
    people = list(dict.fromkeys(number for event in shown if (number := _connection(event)) is not None))
    kept = people[:SHOWN_PEOPLE]
    drawn = [event for event in shown if _connection(event) is None or _connection(event) in kept]
    rows = drawn[:SHOWN_ROWS]
    order: list[int | None] = [*kept[: (len(kept) + 1) // 2], None, *kept[(len(kept) + 1) // 2 :]]
    places = {who: LEFT + LANE / 2 + LANE * number for number, who in enumerate(order)}
    lanes = [Lane(SERVER if who is None else _name(who, names), places[who], who is None) for who in order]
    zero = _at(rows[0]) if rows else 0
    return SequenceChart(
        title=title,
        lanes=lanes,
        rows=[
            replace(
                _row(event, TOP + ROW * (number + 1), zero, places, names, _label(event, frames, rooms)),
                is_witness=event in witness,
            )
            for number, event in enumerate(rows)
        ],
        width=LEFT + LANE * len(order) + LABEL_WIDTH,
        height=TOP + ROW * (len(rows) + 1),
        label_x=LEFT + LANE * len(order) + 6,
        left_out=_left_out(len(people) - len(kept), len(shown) - len(rows)),
    )


def _left_out(people: int, events: int) -> str:
    if not people and not events:
        return ""
    return f"{events} more events are not shown" + (f", nor are {people} more people" if people else "")


def _at(event: Event) -> int:
    return 0 if isinstance(event, Started) else event.at


def _connection(event: Event) -> int | None:
    """Return the connection of an event; None for what belongs to none.

    It is HTTP_LANE for HTTP exchanges.
    """
    if isinstance(event, Started | Deleting | FaultWindow | Deadline):
        return None
    return HTTP_LANE if isinstance(event, Requested | Answered) else event.connection


def _name(connection: int, names: Mapping[int, str]) -> str:
    return HTTP if connection == HTTP_LANE else printable(names.get(connection, f"#{connection}"))


def _row(
    event: Event, y: float, zero: int, places: Mapping[int | None, float], names: Mapping[int, str], label: str
) -> Row:
    connection, server = _connection(event), places[None]
    person = places[connection]
    is_to_server = isinstance(event, Opening | Sent | Violating | Closing | Requested)
    is_from_server = isinstance(event, Opened | Refused | Received | Closed | Answered)
    start, end = (person, server) if is_to_server else (server, person) if is_from_server else (person, person)
    return Row(
        y=y,
        time=_seconds(_at(event) - zero),
        who=SERVER if connection is None else _name(connection, names),
        text=described(event),
        label=label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 3]}...",
        start=start,
        end=end,
        is_to_server=is_to_server,
        is_arrow=is_to_server or is_from_server,
    )


def _seconds(nanoseconds: int) -> str:
    longest = LONGEST_S * NS_PER_S
    return f"{min(max(nanoseconds, -longest), longest) / NS_PER_S:.4f}"


def _label(event: Event, frames: Frames | None, rooms: Mapping[int, str]) -> str:
    """Return a short text for an event.

    A frame is shown as it was read, anything else as timelines show it.
    """
    if frames is None:
        return described(event)
    match event:
        case Sent():
            return shown_sent(frames.read_sent(event.frame))
        case Received() if event.connection in rooms:
            read = frames.read(event.frame, rooms[event.connection])
            return described(event) if isinstance(read, Unmatched) else shown_received(read)
        case _:
            return described(event)

"""The smallest part of a history that still shows a finding. Pure.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), describe the algorithm ddmin. Here it
removes people first, then messages with everything that anyone received of them, then single events.

A part of a history shows a finding only if the judge finds it there, and nothing that is not in the whole history: a
message whose receipt was removed would be lost, which is no fault of the server.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from roomproof.dialects.frames import Frames
from roomproof.history import Deadline, Event, HistoryError, Opened, Opening, Received, Sent, Started
from roomproof.judge.findings import Finding
from roomproof.judge.offline.sorted_history import sort
from roomproof.report.rejudged import findings_of
from roomproof.spec.messages import Message, Notice, Perhaps, Valid

MOST_JUDGED = 300_000
"""Maximum number of events that are judged in one search: the same part is found on a machine of any speed."""

Part = Sequence[Event]

Name = str | int
"""The name of something that can be removed: of a user, of the content of a message, or the number of an event."""

NamesOf = Callable[[int, Event], frozenset[Name]]
"""Returns the names that have to stay for an event to stay, given its number: none if it always stays."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The part that was found. It `is_minimal` if no further unit can go."""

    events: list[Event]
    finding: Finding
    is_minimal: bool


def smallest(events: Part, finding: Finding, most_judged: int = MOST_JUDGED) -> Smallest:
    """Return the smallest part of a history that shows one of its findings.

    Raises HistoryError for a history that cannot be judged.
    """
    search = _Search(events, finding, most_judged)
    frames, rooms = sort(events).frames, _rooms(events)
    kept = list(range(len(events)))
    while True:
        before = len(kept)
        for names_of in (_people(events, frames, rooms), _messages(frames, rooms), _single_events):
            kept = search.without_needless(kept, names_of)
        if len(kept) == before or search.is_exhausted:
            break
    part = [events[number] for number in kept]
    found = next(one for one in findings_of(part) if identity(one) == identity(finding))
    return Smallest(part, found, not search.is_exhausted)


class _Search:
    """Judges parts of one history until its budget is spent."""

    def __init__(self, events: Part, finding: Finding, most_judged: int) -> None:
        self._events = events
        self._wanted = identity(finding)
        self._known = {identity(one) for one in findings_of(events)}
        self._witness = {id(event) for event in finding.witness}
        self._left = most_judged
        self.is_exhausted = False

    def without_needless(self, kept: list[int], names_of: NamesOf) -> list[int]:
        """Return the numbers of events that stay when all needless names are removed."""
        needs = {number: names_of(number, self._events[number]) for number in kept}
        names = list(dict.fromkeys(name for number in kept for name in sorted(needs[number], key=str)))
        of_witness = {name for number in kept if id(self._events[number]) in self._witness for name in needs[number]}

        def part(some: Iterable[Name]) -> list[int]:
            staying = set(some)
            return [number for number in kept if needs[number] <= staying]

        def shows(some: Sequence[Name]) -> bool:
            return self._shows(part(some))

        likely = [name for name in names if name in of_witness]
        start = likely if len(likely) < len(names) and shows(likely) else names
        return part(ddmin(start, shows))

    def _shows(self, numbers: list[int]) -> bool:
        """Whether a part shows the wanted finding, and none that the history lacks."""
        if len(numbers) > self._left:
            self.is_exhausted = True
            return False
        self._left -= len(numbers)
        try:
            keys = {identity(one) for one in findings_of([self._events[number] for number in numbers])}
        except HistoryError:
            return False
        return self._wanted in keys and keys <= self._known


def ddmin(names: Sequence[Name], shows: Callable[[Sequence[Name]], bool]) -> list[Name]:
    """Return names of which none can be removed alone.

    `shows` says whether names are enough, and holds for all of them.
    """
    kept, pieces = list(names), 2
    while kept:
        size = math.ceil(len(kept) / pieces)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if shows(rest):
                kept, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces *= 2
    return kept


def identity(finding: Finding) -> Hashable:
    """Return the identity of a finding in all parts of its history.

    In a part, items have other numbers.
    """
    first = finding.witness[0] if finding.witness else None
    return finding.kind, finding.rule, finding.receiver, finding.stream, repr(first)


def _people(events: Part, frames: Frames, rooms: dict[int, str]) -> NamesOf:
    """Return a function that names the users of an event.

    They are the user of its connection, and the one that a received frame is about.
    """
    users = {event.connection: event.user or f"#{event.connection}" for event in events if isinstance(event, Opening)}
    known = set(users.values())

    def names_of(_: int, event: Event) -> frozenset[Name]:
        own = users.get(getattr(event, "connection", -1))
        read = _read(event, frames, rooms)
        other = read.sender_id if isinstance(read, Message) else read.user_id if isinstance(read, Notice) else None
        return frozenset(name for name in (own, other) if name is not None and name in known)

    return names_of


def _messages(frames: Frames, rooms: dict[int, str]) -> NamesOf:
    """Return a function that names the content of a sent or received message."""

    def names_of(_: int, event: Event) -> frozenset[Name]:
        read = frames.read_sent(event.frame) if isinstance(event, Sent) else _read(event, frames, rooms)
        return frozenset([read.content] if isinstance(read, Message | Valid | Perhaps) else [])

    return names_of


def _single_events(number: int, event: Event) -> frozenset[Name]:
    """Return the number of an event, unless it is about the run itself.

    The events with which a connection opens have one name: nobody sends before being connected.
    """
    match event:
        case Started() | Deadline():
            return frozenset()
        case Opening() | Opened():
            return frozenset([f"#{event.connection}"])
        case _:
            return frozenset([number])


def _rooms(events: Iterable[Event]) -> dict[int, str]:
    return {event.connection: event.room for event in events if isinstance(event, Opening)}


def _read(event: Event, frames: Frames, rooms: dict[int, str]) -> object:
    """Return what a received frame says; None for any other event."""
    if not isinstance(event, Received):
        return None
    return frames.read(event.frame, rooms.get(event.connection, ""))

"""One fault, put into the history of a correct world, and its finding.

This module decides where a fault must show by sufficient conditions of its own. For example, a receiver of an item and
of the next but one was due the item between.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from msgspec import structs

from roomproof.history import Closed, Event, Received
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.timestamps import KEPT_ITEMS
from tests.unit.judge.tale import MILLISECOND, stamp
from tests.unit.judge.view import Hit, View

Expected = tuple[Kind, int, int | None, int | None]
"""A kind of finding, its receiver, stream and item."""


@dataclass(frozen=True)
class Anomaly:
    """Changes of a history, by index of the event, and the finding that must follow."""

    expected: Expected
    instead: dict[int, Received | Closed | None]
    also: tuple[int, Received] | None = None
    """An event to insert, and the index of the event after it."""

    def applied_to(self, events: list[Event]) -> list[Event]:
        """The history with the fault in it."""
        changed: list[Event] = []
        for index, event in enumerate(events):
            if self.also is not None and self.also[0] == index:
                changed.append(self.also[1])
            instead = self.instead.get(index, event)
            if instead is not None:
                changed.append(instead)
        return changed


def lost_messages(view: View) -> Iterator[Anomaly]:
    """Take away a message between two others, or the last one, where all stay."""
    for receiver, sender, heard in view.streams():
        both_stay = view.window is None and view.stays(receiver) and view.stays(sender)
        proved = [
            hit
            for hit, later in pairwise(heard)
            if _outside(view, hit, later) and (later.is_message or sender in view.clean)
        ]
        for hit in [*proved, *(heard[-1:] if both_stay else [])]:
            if hit.is_message and hit is not heard[0]:
                yield Anomaly((Kind.LOST, receiver, sender, hit.item), {hit.index: None})


def _outside(view: View, hit: Hit, later: Hit) -> bool:
    window = view.window
    if window is None:
        return True
    return later.event.at < window.at or view.said.get((hit.stream, hit.item), 0) >= window.until + window.heal


def missing_notices(view: View) -> Iterator[Anomaly]:
    """Take away a join from an earlier member, or a leave from a member that stays."""
    if view.window is not None:
        return
    for receiver, sender, heard in view.streams():
        if receiver == sender or not view.stays(receiver) or sender not in view.instance:
            continue
        was_there = view.hits[receiver][0].event.at < view.opening[sender].at
        if heard[0].item == 0 and was_there and (sender not in view.end or len(heard) > 2):
            yield Anomaly((Kind.MISSING_NOTICE, receiver, sender, 0), {heard[0].index: None})
        if len(heard) > 1 and heard[-1].item > 0 and not heard[-1].is_message and sender in view.end:
            yield Anomaly((Kind.MISSING_NOTICE, receiver, sender, heard[-1].item), {heard[-1].index: None})


def copies(view: View, random: Random) -> Iterator[Anomaly]:
    """Any item once more."""
    for receiver, sender, heard in view.streams():
        hit = random.choice(heard)
        kind = Kind.DUPLICATED if hit.is_message else Kind.DOUBLED_NOTICE
        yield Anomaly((kind, receiver, sender, hit.item), {}, view.copy(random, receiver, hit))


def swaps(view: View) -> Iterator[Anomaly]:
    """Two neighbours of one stream, if nobody began to connect between them."""
    for receiver, sender, heard in view.streams():
        for first, second in pairwise(heard):
            early, late = first.event, second.event
            came_between = any(early.at <= opening.at <= late.at for opening in view.opening.values())
            said = view.said.get((sender, second.item), view.end.get(sender, late.at + 1))
            if came_between or said > early.at:
                continue
            kind = Kind.REORDERED if second.is_message else Kind.MISPLACED
            instead: dict[int, Received | Closed | None] = {
                first.index: Received(receiver, early.at, late.text),
                second.index: Received(receiver, late.at, early.text),
            }
            yield Anomaly((kind, receiver, sender, first.item), instead)


def replays(view: View, random: Random) -> Iterator[Anomaly]:
    """Deliver to a newcomer an item from below its floor."""
    for receiver, hits in view.hits.items():
        known = {(hit.stream, hit.item) for hit in hits}
        opening = view.opening[receiver]
        for witness, sender, heard in view.streams():
            if (
                not view.are_together(witness, receiver)
                or sender == receiver
                or view.opening[witness].room != opening.room
            ):
                continue
            for hit, later in pairwise(heard):
                if later.event.at < opening.at and (sender, hit.item) not in known:
                    copy = view.copy(random, receiver, hit)
                    yield Anomaly((Kind.REPLAYED, receiver, sender, hit.item), {}, copy)


def leaks(view: View, random: Random) -> Iterator[Anomaly]:
    """Deliver a message of another room, or of another sticky instance."""
    for witness, sender, heard in view.streams():
        hit = random.choice(heard)
        for receiver, hits in view.hits.items():
            rooms_differ = view.opening[witness].room != view.opening[receiver].room
            hears_on = max(hit.index, hits[0].index) < view.over.get(receiver, len(view.events))
            if hit.is_message and hears_on and (rooms_differ or view.are_apart(sender, receiver)):
                yield Anomaly((Kind.LEAKED, receiver, sender, hit.item), {}, view.copy(random, receiver, hit))


def changes(view: View) -> Iterator[Anomaly]:
    """Another content for a message between two others, another sender for any."""
    for receiver, sender, heard in view.streams():
        for before, hit, after in zip(heard, heard[1:], heard[2:], strict=False):
            without_gap = before.item + 1 == hit.item == after.item - 1
            if hit.is_message and without_gap and sender not in view.unsteady:
                text = _with(hit, content=hit.content + "!")
                yield Anomaly(
                    (Kind.ALTERED, receiver, sender, hit.item), {hit.index: structs.replace(hit.event, text=text)}
                )
        for hit in heard:
            if hit.is_message:
                text = _with(hit, sender_id="somebody else")
                yield Anomaly(
                    (Kind.MISATTRIBUTED, receiver, sender, hit.item),
                    {hit.index: structs.replace(hit.event, text=text)},
                )


def _with(hit: Hit, **fields: str) -> str:
    return json.dumps({**json.loads(hit.event.text or ""), **fields})


def phantoms(view: View, random: Random) -> Iterator[Anomaly]:
    """Something that nobody said, by nobody; the leave of somebody who stays."""
    for receiver, sender, heard in view.streams():
        hit = random.choice(heard)
        if hit.is_message:
            text = _with(hit, content="boo", sender_id="ghost")
            expected: Expected = (Kind.PHANTOM, receiver, None, None)
        elif view.stays(sender) and view.window is None:
            text = _with(hit, content=f"{view.opening[sender].user} left the chat")
            expected = (Kind.PHANTOM, receiver, sender, None)
        else:
            continue
        yield Anomaly(expected, {}, view.copy(random, receiver, hit, text))


def drops(view: View) -> Iterator[Anomaly]:
    """A member that the server sends away with a code that no compatible server uses."""
    for receiver, index in view.over.items():
        event = view.events[index]
        steady = receiver not in view.unsteady | view.leaving
        if view.window is None and steady and isinstance(event, Closed) and event.code == 1001:
            yield Anomaly((Kind.DROPPED, receiver, None, None), {index: structs.replace(event, code=1011)})


def backwards(view: View) -> Iterator[Anomaly]:
    """Stamp an item far earlier than the previous one of its receiver.

    The two times differ by more than clocks do. Items that come late, to a slow reader or as history, are left out:
    the streaming judge has forgotten their timestamps.
    """
    for receiver, sender, heard in view.streams():
        for before, hit in pairwise(heard):
            if before.item < hit.item and view.highest(sender, hit.event.at) < before.item + KEPT_ITEMS:
                text = _with(hit, timestamp=stamp(before.event.at - 10_000 * MILLISECOND))
                event = structs.replace(hit.event, text=text)
                yield Anomaly((Kind.WRONG_TIME, receiver, sender, hit.item), {hit.index: event})


FAULTS: dict[str, Callable[[View, Random], Iterator[Anomaly]]] = {
    "a message is dropped": lambda view, _: lost_messages(view),
    "a notice is dropped": lambda view, _: missing_notices(view),
    "an item is said twice": copies,
    "two items change places": lambda view, _: swaps(view),
    "a message is said again to a late-comer": replays,
    "a message leaks": leaks,
    "a message is changed": lambda view, _: changes(view),
    "something is made up": phantoms,
    "time runs backwards": lambda view, _: backwards(view),
    "a member is dropped": lambda view, _: drops(view),
}
"""Every way to put one fault into a correct world."""

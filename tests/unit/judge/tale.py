"""Histories told by hand: people join, say, hear and leave, event by event.

    alice, bob = tale.joins("alice"), tale.joins("bob")
    soup = alice.says("soup")
    bob.hears(soup)
    assert tale.findings() == [finding(Kind.LOST, "DELIVER-2", alice, soup)]

`tale` is a fixture: its findings are those of both judges, which have to agree (judges.py).

The clock advances by a millisecond with each event. `tale.clock` may be set, also backwards: events need not be told in
the order in which they happened. Nothing is heard by itself, not even an echo.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

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
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.streaming.message_id import with_id
from roomproof.spec import messages
from tests.unit.judge.judges import OfflineOnly, found_by_both, time_of

EPOCH = 1_766_527_977 * NS_PER_S
"""The wall clock at time 0: an evening in December 2025."""

MILLISECOND = 1_000_000


class Told(NamedTuple):
    """One item of one stream, as the server tells everyone of it."""

    stream: int
    item: int | None
    """None for the leave notice: its number follows from what was said."""
    frame: dict[str, str]


class Found(NamedTuple):
    """The properties of a finding that tests compare."""

    kind: Kind
    rule: str
    receiver: int
    stream: int | None
    item: int | None


@dataclass
class Tale:
    """A run. `reason`: why it reaches only the offline judge; None if both judge it."""

    reason: OfflineOnly | None = None
    clock: int = 0
    events: list[Event] = field(default_factory=list)
    actors: list["Actor"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events.append(Started(epoch=EPOCH))

    def declares(self, *capabilities: str) -> None:
        """The server declares these capabilities."""
        self.events[0] = Started(epoch=EPOCH, capabilities=list(capabilities))

    def lacks(self, *needs: str) -> None:
        """The service lacks something."""
        self.events[0] = Started(epoch=EPOCH, without=list(needs))

    def tick(self) -> int:
        """The time of the next event."""
        self.clock += MILLISECOND
        return self.clock

    def passes(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self.clock += round(seconds * NS_PER_S)

    def opens(self, user: str | None, room: str = "kitchen") -> "Actor":
        """A connection begins its handshake."""
        actor = Actor(self, len(self.actors) + 1, user or "", room)
        self.actors.append(actor)
        self.events.append(Opening(actor.number, self.tick(), room, user))
        return actor

    def joins(self, user: str | None, room: str = "kitchen", *, instance: str | None = None) -> "Actor":
        """A connection is let in."""
        actor = self.opens(user, room)
        actor.is_let_in(instance)
        return actor

    def meet(self, *users: str, instance: str | None = None) -> list["Actor"]:
        """People join one after the other, and everyone there hears each join notice."""
        actors = []
        for user in users:
            actors.append(self.joins(user, instance=instance))
            self.all_hear(actors[-1].joined)
        return actors

    def all_hear(self, *told: Told) -> None:
        """Everyone who has not ended and is in the room of these items hears them."""
        for one in told:
            for actor in self.actors:
                if not actor.gone and actor.room == one.frame["chat_id"]:
                    actor.hears(one)

    def deletes(self, room: str = "kitchen") -> None:
        """Somebody asks for the deletion of a room."""
        self.events.append(Deleting(self.tick(), room))

    def breaks(self, what: str, *instances: str) -> "Window":
        """Something is broken from now on, until it is mended."""
        return Window(self, what, list(instances) or None, self.tick())

    def time_is_over(self) -> None:
        """Let the deadline pass: every due item should have arrived."""
        self.events.append(Deadline(self.tick()))

    def findings(self) -> list[Found]:
        """Return the findings of the judges. Unless it was told, the deadline is now."""
        return [Found(one.kind, one.rule, one.receiver, one.stream, one.item) for one in self.evidence()]

    def evidence(self) -> list[Finding]:
        """The findings with their texts."""
        if not any(isinstance(event, Deadline) for event in self.events):
            self.clock = max(self.clock, *(time_of(event) for event in self.events))
            self.time_is_over()
        return found_by_both(self.events, self.reason)


@dataclass
class Window:
    """Something that is broken on purpose."""

    tale: Tale
    what: str
    instances: list[str] | None
    at: int

    def is_mended(self, heal: float = 0) -> None:
        """It is undone; the server needs so many seconds to recover."""
        window = FaultWindow(self.at, self.tale.tick(), round(heal * NS_PER_S), self.what, self.instances)
        self.tale.events.append(window)


@dataclass
class Actor:
    """One connection of somebody."""

    tale: Tale
    number: int
    user: str
    room: str
    count: int = 0
    gone: bool = False

    @property
    def joined(self) -> Told:
        """Its join notice."""
        return self._notice(messages.NoticeKind.JOINED, 0)

    @property
    def left(self) -> Told:
        """Its leave notice."""
        return self._notice(messages.NoticeKind.LEFT, None)

    def _notice(self, kind: messages.NoticeKind, item: int | None) -> Told:
        content = f"{self.user}{messages.NOTICE_TEXTS[kind]}"
        return Told(self.number, item, {"type": "system", **self._stamped(content)})

    def is_let_in(self, instance: str | None = None) -> None:
        """The handshake is answered with 101."""
        self.tale.events.append(Opened(self.number, self.tale.tick(), instance))

    def is_refused(self, status: int | None = 403) -> None:
        """The handshake is answered with another status, or not at all."""
        self.gone = True
        self.tale.events.append(Refused(self.number, self.tale.tick(), status, ""))

    def sends(self, frame: str | bytes) -> None:
        """It sends any frame."""
        text, binary = (frame, None) if isinstance(frame, str) else (None, frame)
        self.tale.events.append(Sent(self.number, self.tale.tick(), text, binary))

    def violates(self, payload: bytes = b"\xe9", *, is_masked: bool = True) -> None:
        """It sends what is no frame by RFC 6455."""
        self.tale.events.append(Violating(self.number, self.tale.tick(), payload, is_masked))

    def says(self, words: str) -> Told:
        """Send a valid message, whose content has a message id before the words."""
        at = self.tale.clock + MILLISECOND
        return self.says_just(with_id(self.room, self.number, self.count + 1, words, at))

    def says_just(self, content: str) -> Told:
        """It sends a valid message with just this content."""
        self.sends(messages.message(content))
        self.count += 1
        return Told(self.number, self.count, {"type": "message", "sender_id": self.user, **self._stamped(content)})

    def _stamped(self, content: str) -> dict[str, str]:
        return {"content": content, "chat_id": self.room, "timestamp": stamp(self.tale.clock)}

    def hears(self, *told: Told, without: str = "", **changes: Any) -> None:
        """Receive items, unchanged or with other values in some fields, or without one."""
        for one in told:
            fields = {**one.frame, **changes}
            fields.pop(without, None)
            self.receives(json.dumps(fields))

    def receives(self, text: str | None = None, binary: bytes | None = None) -> None:
        """It receives any frame."""
        self.tale.events.append(Received(self.number, self.tale.tick(), text, binary))

    def gets_error(self) -> None:
        """It receives an error frame."""
        self.receives(json.dumps({"type": "error", "content": "no"}))

    def stops_reading(self) -> None:
        """It reads nothing from now on."""
        self.tale.events.append(Reading(self.number, self.tale.tick(), reads=False))

    def reads_again(self) -> None:
        """It reads on."""
        self.tale.events.append(Reading(self.number, self.tale.tick(), reads=True))

    def begins_to_close(self, code: int = 1000) -> None:
        """It sends its Close frame."""
        self.tale.events.append(Closing(self.number, self.tale.tick(), code))

    def is_closed(self, code: int | None) -> None:
        """It receives a Close frame, or (None) its link ends without one."""
        self.gone = True
        self.tale.events.append(Closed(self.number, self.tale.tick(), code))

    def leaves(self) -> Told:
        """It closes cleanly; its leave notice is returned."""
        self.begins_to_close()
        self.is_closed(1000)
        return self.left

    def dies(self, how: str = "rst") -> Told:
        """It ends the link without a Close frame; its leave notice is returned."""
        self.gone = True
        self.tale.events.append(Dying(self.number, self.tale.tick(), how))
        return self.left


def finding(kind: Kind, rule: str, receiver: Actor, told: Told | None = None, of: Actor | None = None) -> Found:
    """Return the properties of an expected finding.

    It is about an item, about a connection (`of`), or about the receiver alone.
    """
    if told is None:
        return Found(kind, rule, receiver.number, of.number if of else None, None)
    sender = receiver.tale.actors[told.stream - 1]
    return Found(kind, rule, receiver.number, told.stream, sender.count + 1 if told.item is None else told.item)


def altered(told: Told) -> str:
    """The content of a message, changed."""
    return told.frame["content"].upper()


def stamp(at: int) -> str:
    """The timestamp of a moment of the tale."""
    return datetime.fromtimestamp((EPOCH + at) / NS_PER_S, UTC).replace(tzinfo=None).isoformat()

"""A correct history, looked at by whoever wants to put a fault into it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from roomproof.history import (
    Closed,
    Closing,
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
)
from roomproof.spec import messages
from roomproof.spec.rules import Capability


@dataclass(frozen=True)
class Hit:
    """An item that somebody received: the index of the event, the stream, the item."""

    index: int
    event: Received
    stream: int
    item: int

    @property
    def content(self) -> str:
        """Its content."""
        return str(json.loads(self.event.text or "")["content"])

    @property
    def is_message(self) -> bool:
        """Whether it is neither a join nor a leave notice."""
        return '"sender_id"' in (self.event.text or "")


class View:
    """A correct history of users with one connection each, prepared for a fault."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.opening = {event.connection: event for event in events if isinstance(event, Opening)}
        self.instance = {event.connection: event.instance for event in events if isinstance(event, Opened)}
        capabilities = events[0].capabilities if isinstance(events[0], Started) else []
        self.sticky = Capability.STICKY in capabilities
        self.single = not self.sticky and Capability.PUBSUB not in capabilities
        self.window = next((event for event in events if isinstance(event, FaultWindow)), None)
        self.over: dict[int, int] = {}
        """The index of the event with which a connection hears nothing more."""
        self.end: dict[int, int] = {}
        """When a connection began to end, as its client knows it."""
        self.leaving: set[int] = set()
        """The connections that sent a Close frame."""
        self.clean: set[int] = set()
        """The connections whose Close frame was answered."""
        self.unsteady: set[int] = set()
        """The connections that stopped reading, sent a bad frame or were never let in."""
        self.said: dict[tuple[int, int], int] = {}
        self.hits: dict[int, list[Hit]] = defaultdict(list)
        deleted = {event.room for event in events if isinstance(event, Deleting)}
        self.doomed = {number for number, opening in self.opening.items() if opening.room in deleted}
        contents: dict[str, tuple[int, int]] = {}
        counts: dict[int, int] = defaultdict(int)
        users = {opening.user: number for number, opening in self.opening.items()}
        for event in events:
            if isinstance(event, Sent):
                sending = messages.read_sent(event.frame)
                if isinstance(sending, messages.Valid):
                    counts[event.connection] += 1
                    contents[sending.content] = event.connection, counts[event.connection]
                    self.said[contents[sending.content]] = event.at
                elif isinstance(sending, messages.Bad):
                    self.unsteady.add(event.connection)
        for index, event in enumerate(events):
            match event:
                case Received(number, _, str(text)):
                    match messages.read(text):
                        case messages.Message(content):
                            self.hits[number].append(Hit(index, event, *contents[content]))
                        case messages.Notice(kind, user):
                            sender = users[user]
                            item = 0 if kind is messages.NoticeKind.JOINED else counts[sender] + 1
                            self.hits[number].append(Hit(index, event, sender, item))
                        case _:
                            pass
                case Closing(number, at):
                    self.end[number] = at
                    self.leaving.add(number)
                case Dying(number, at) | Closed(number, at):
                    self.end.setdefault(number, at)
                    self.over[number] = index
                    if isinstance(event, Closed) and event.code == 1000:
                        self.clean.add(number)
                case Reading(number) | Refused(number):
                    self.unsteady.add(number)
                case _:
                    pass

    def stays(self, number: int) -> bool:
        """Whether a connection reads from its opening to the end of the history."""
        return number not in self.end and number not in self.unsteady and number not in self.doomed

    def streams(self) -> Iterator[tuple[int, int, list[Hit]]]:
        """Receiver, sender, and what the one heard of the other."""
        for receiver, hits in self.hits.items():
            by_speaker: dict[int, list[Hit]] = defaultdict(list)
            for hit in hits:
                by_speaker[hit.stream].append(hit)
            for sender, heard in by_speaker.items():
                yield receiver, sender, heard

    def are_apart(self, sender: int, receiver: int) -> bool:
        """Whether two connections are on different instances that keep to themselves."""
        instances = {self.instance.get(sender), self.instance.get(receiver)}
        return self.sticky and None not in instances and len(instances) == 2

    def highest(self, sender: int, at: int) -> int:
        """The highest item of a sender that anyone had heard until some time."""
        return max(
            hit.item for hits in self.hits.values() for hit in hits if hit.stream == sender and hit.event.at <= at
        )

    def are_together(self, one: int, other: int) -> bool:
        """Whether two connections are certainly on the same instance."""
        if self.single:
            return True
        return self.instance.get(one) is not None and self.instance.get(one) == self.instance.get(other)

    def copy(self, random: Random, receiver: int, hit: Hit, text: str | None = None) -> tuple[int, Received]:
        """Return a later copy of a frame, and the index of the event after the copy.

        By then the receiver is a member, as far as anyone can know.
        """
        first = self.hits[receiver][0]
        least = max(hit.index, first.index) + 1
        index = random.randint(least, self.over.get(receiver, len(self.events) - 1))
        times = [event.at for event in self.events[least - 1 : index] if isinstance(event, Received)]
        return index, Received(receiver, max([*times, hit.event.at, first.event.at]), text or hit.event.text)
